import COpenBLAS

/// One side of a matrix product: the matrix, or its transpose.
public enum Operand<Element: BitwiseCopyable> {
  case plain(MatrixView<Element>)
  case transposed(MatrixView<Element>)

  @inline(__always)
  var matrix: MatrixView<Element> {
    switch self {
    case .plain(let matrix), .transposed(let matrix): matrix
    }
  }

  @inline(__always)
  var isTransposed: Bool {
    if case .transposed = self { true } else { false }
  }

  @inline(__always)
  var rows: Int { isTransposed ? matrix.columns : matrix.rows }
  @inline(__always)
  var columns: Int { isTransposed ? matrix.rows : matrix.columns }

  /// The part of it that gives the columns `range` of a product.
  @inline(__always)
  func columns(_ range: Range<Int>) -> Operand {
    switch self {
    case .plain(let matrix): .plain(matrix.columns(range))
    case .transposed(let matrix): .transposed(matrix.rows(range))
    }
  }
}

/// C = A·B, or C += A·B when `adding`; sums are single precision. One thread; the caller's.
public func multiply<Element: StoredElement>(
  _ a: Operand<Element>, _ b: Operand<Element>, into c: Matrix, adding: Bool = false
) {
  precondition(a.columns == b.rows && c.rows == a.rows && c.columns == b.columns, "shapes do not fit")
  Element.multiply(a, b, into: c, adding: adding)
}

extension Float {
  public static func multiply(_ a: Operand<Float>, _ b: Operand<Float>, into c: Matrix, adding: Bool) {
    sgemm(
      CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans, b.isTransposed ? CblasTrans : CblasNoTrans,
      blasint(c.rows), blasint(c.columns), blasint(a.columns),
      1, a.matrix.base, blasint(a.matrix.stride), b.matrix.base, blasint(b.matrix.stride),
      adding ? 1 : 0, c.base, blasint(c.stride))
  }

  public static func productCount(rows: Int, columns: Int) -> Int { 0 }

  public static func multiply(
    _ a: Operand<Float>, _ b: Operand<Float>, bias: Vector?, into c: Matrix, product: Vector
  ) {
    if let bias { fillRows(of: c, with: bias) }
    Compute.multiply(a, b, into: c, adding: bias != nil)
  }

  public static func multiplyAndActivate(
    _ a: Operand<Float>, _ b: Operand<Float>, bias: Vector, kept: Matrix, output: Matrix, product: Vector
  ) {
    multiply(a, b, bias: bias, into: kept, product: product)
    geluForward(output: output.flat, input: kept.flat)
  }

  public static func multiplyThroughActivation(
    _ a: Operand<Float>, _ b: Operand<Float>, kept: Matrix, output: Matrix, gradient: Matrix, product: Vector
  ) {
    Compute.multiply(a, b, into: gradient)
    geluBackward(
      inputGradient: gradient.flat, output: output.flat, outputGradient: gradient.flat, input: kept.flat)
  }
}

/// y = x·Wᵀ + b, the layer of every projection, kept as what its input is kept as.
///
/// - Parameters:
///   - output: y, [rows, out], overwritten.
///   - input: x, [rows, in].
///   - weight: W, [out, in].
///   - bias: b, [out].
///   - product: memory for `Element.productCount` floats.
public func linearForward<Element: StoredElement>(
  output: MatrixView<Element>, input: MatrixView<Element>, weight: MatrixView<Element>, bias: Vector, product: Vector
) {
  Element.multiply(.plain(input), .transposed(weight), bias: bias, into: output, product: product)
}

/// y = x·Wᵀ + b in single precision.
///
/// The bias is written first and the product added to it, which costs no pass more than clearing y would.
public func linearForward<Element: StoredElement>(
  output: Matrix, input: MatrixView<Element>, weight: MatrixView<Element>, bias: Vector
) {
  fillRows(of: output, with: bias)
  multiply(.plain(input), .transposed(weight), into: output, adding: true)
}

/// y = r + x·Wᵀ + b in single precision: the same with a residual, which may be `output` itself.
public func linearForward<Element: StoredElement>(
  output: Matrix, residual: Matrix, input: MatrixView<Element>, weight: MatrixView<Element>, bias: Vector
) {
  addToRows(output: output, input: residual, vector: bias)
  multiply(.plain(input), .transposed(weight), into: output, adding: true)
}

/// The first half of an MLP: x = input·Wᵀ + b, kept for backward, and GELU(x).
///
/// - Parameters:
///   - kept: x, [rows, out], overwritten.
///   - output: GELU(x), [rows, out], overwritten.
///   - product: memory for `Element.productCount` floats.
public func hiddenForward<Element: StoredElement>(
  kept: MatrixView<Element>, output: MatrixView<Element>, input: MatrixView<Element>, weight: MatrixView<Element>,
  bias: Vector, product: Vector
) {
  precondition(input.columns == weight.columns && kept.rows == input.rows && kept.columns == weight.rows)
  precondition(output.rows == kept.rows && output.columns == kept.columns, "one output for each hidden value")
  Element.multiplyAndActivate(
    .plain(input), .transposed(weight), bias: bias, kept: kept, output: output, product: product)
}

/// The gradient of the hidden values x of an MLP whose second half is GELU(x)·Wᵀ + b, and GELU(x) once more.
///
/// - Parameters:
///   - hiddenGradient: dx, [rows, hidden], overwritten.
///   - output: GELU(x), [rows, hidden], overwritten.
///   - outputGradient: [rows, out].
///   - weight: W, [out, hidden].
///   - product: memory for `Element.productCount` floats.
public func hiddenBackward<Element: StoredElement>(
  hiddenGradient: MatrixView<Element>, output: MatrixView<Element>, outputGradient: MatrixView<Element>,
  weight: MatrixView<Element>, kept: MatrixView<Element>, product: Vector
) {
  precondition(outputGradient.columns == weight.rows && kept.rows == outputGradient.rows)
  precondition(kept.columns == weight.columns && output.rows == kept.rows && output.columns == kept.columns)
  precondition(hiddenGradient.rows == kept.rows && hiddenGradient.columns == kept.columns)
  Element.multiplyThroughActivation(
    .plain(outputGradient), .plain(weight), kept: kept, output: output, gradient: hiddenGradient, product: product)
}

/// The gradients of y = x·Wᵀ + b with respect to W and b, overwritten: dW = dyᵀ·x, db = the sum of dy's rows.
public func linearBackward<Element: StoredElement>(
  weightGradient: Matrix, biasGradient: Vector, outputGradient: MatrixView<Element>, input: MatrixView<Element>
) {
  multiply(.transposed(outputGradient), .plain(input), into: weightGradient)
  sumRows(output: biasGradient, input: outputGradient)
}

/// The gradient of y = x·Wᵀ + b with respect to x in single precision: dx = dy·W, overwritten, or added to when
/// `adding`.
public func linearBackward<Element: StoredElement>(
  inputGradient: Matrix, outputGradient: MatrixView<Element>, weight: MatrixView<Element>, adding: Bool = false
) {
  multiply(.plain(outputGradient), .plain(weight), into: inputGradient, adding: adding)
}

/// The gradient of y = x·Wᵀ + b with respect to x, kept as what dy is kept as: dx = dy·W, overwritten.
///
/// - Parameter product: memory for `Element.productCount` floats.
public func linearBackward<Element: StoredElement>(
  inputGradient: MatrixView<Element>, outputGradient: MatrixView<Element>, weight: MatrixView<Element>, product: Vector
) {
  Element.multiply(.plain(outputGradient), .plain(weight), bias: nil, into: inputGradient, product: product)
}
