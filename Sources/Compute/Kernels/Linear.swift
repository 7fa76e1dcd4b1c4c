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
public func linearForward<Element: StoredElement>(
  output: Matrix, input: MatrixView<Element>, weight: MatrixView<Element>, bias: Vector
) {
  multiply(.plain(input), .transposed(weight), into: output, from: .bias(bias))
}

/// y = r + x·Wᵀ + b in single precision: the same with a residual, which may be `output` itself.
public func linearForward<Element: StoredElement>(
  output: Matrix, residual: Matrix, input: MatrixView<Element>, weight: MatrixView<Element>, bias: Vector
) {
  multiply(.plain(input), .transposed(weight), into: output, from: .residual(residual, bias: bias))
}

/// y += x·Wᵀ in single precision, y being a residual, and what follows on whole rows, such as a layer norm.
///
/// - Parameter finish: is called with rows of y while they are in the cache (see `multiply`).
public func linearForward<Element: StoredElement>(
  addingTo output: Matrix, input: MatrixView<Element>, weight: MatrixView<Element>, finish: (_ rows: Range<Int>) -> Void
) {
  multiply(.plain(input), .transposed(weight), into: output, from: .target) { rows, columns in
    // Parts of wider rows come one after another.
    if columns.upperBound == output.columns { finish(rows) }
  }
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
  multiply(.plain(outputGradient), .plain(weight), into: inputGradient, from: adding ? .target : .zero)
}

/// The gradient of y = x·Wᵀ + b with respect to x, kept as what dy is kept as: dx = dy·W, overwritten.
///
/// - Parameter product: memory for `Element.productCount` floats.
public func linearBackward<Element: StoredElement>(
  inputGradient: MatrixView<Element>, outputGradient: MatrixView<Element>, weight: MatrixView<Element>, product: Vector
) {
  Element.multiply(.plain(outputGradient), .plain(weight), bias: nil, into: inputGradient, product: product)
}
