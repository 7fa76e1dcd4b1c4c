import COpenBLAS

/// One side of a matrix product: the matrix, or its transpose.
public enum Operand {
  case plain(Matrix)
  case transposed(Matrix)

  @inline(__always)
  fileprivate var parts: (matrix: Matrix, flag: CBLAS_TRANSPOSE, rows: Int, columns: Int) {
    switch self {
    case .plain(let matrix): (matrix, CblasNoTrans, matrix.rows, matrix.columns)
    case .transposed(let matrix): (matrix, CblasTrans, matrix.columns, matrix.rows)
    }
  }
}

/// C = A·B, or C += A·B when `adding`. One thread; the caller's.
public func multiply(_ a: Operand, _ b: Operand, into c: Matrix, adding: Bool = false) {
  let (left, leftFlag, m, inner) = a.parts
  let (right, rightFlag, innerRight, n) = b.parts
  precondition(inner == innerRight && c.rows == m && c.columns == n, "shapes do not fit")
  sgemm(
    CblasRowMajor, leftFlag, rightFlag,
    blasint(m), blasint(n), blasint(inner),
    1, left.base, blasint(left.stride), right.base, blasint(right.stride),
    adding ? 1 : 0, c.base, blasint(c.stride))
}

/// y = x·Wᵀ + b, the layer of every projection.
///
/// The bias is written first and the product added to it, which costs no pass more than clearing y would.
///
/// - Parameters:
///   - output: y, [rows, out], overwritten.
///   - input: x, [rows, in].
///   - weight: W, [out, in].
///   - bias: b, [out].
public func linearForward(output: Matrix, input: Matrix, weight: Matrix, bias: Vector) {
  fillRows(of: output, with: bias)
  multiply(.plain(input), .transposed(weight), into: output, adding: true)
}

/// y = r + x·Wᵀ + b: the same with a residual, which may be `output` itself.
public func linearForward(output: Matrix, residual: Matrix, input: Matrix, weight: Matrix, bias: Vector) {
  addToRows(output: output, input: residual, vector: bias)
  multiply(.plain(input), .transposed(weight), into: output, adding: true)
}

/// The gradients of y = x·Wᵀ + b with respect to W and b, overwritten: dW = dyᵀ·x, db = the sum of dy's rows.
public func linearBackward(weightGradient: Matrix, biasGradient: Vector, outputGradient: Matrix, input: Matrix) {
  multiply(.transposed(outputGradient), .plain(input), into: weightGradient)
  sumRows(output: biasGradient, input: outputGradient)
}

/// The gradient of y = x·Wᵀ + b with respect to x: dx = dy·W, overwritten, or added to when `adding`.
public func linearBackward(inputGradient: Matrix, outputGradient: Matrix, weight: Matrix, adding: Bool = false) {
  multiply(.plain(outputGradient), .plain(weight), into: inputGradient, adding: adding)
}
