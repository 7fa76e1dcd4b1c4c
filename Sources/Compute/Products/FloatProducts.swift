import COpenBLAS

/// Products in single precision, by whoever makes them in this process (see `BLAS`).
extension Float {
  public static func multiply(_ a: Operand<Float>, _ b: Operand<Float>, into c: Matrix, from start: ProductStart) {
    guard let sgemm else { return PanelProduct.run(a, b, into: c, from: start) }
    start.write(to: c)
    multiply(a, b, into: c, from: start, by: sgemm)
  }

  private static func multiply(
    _ a: Operand<Float>, _ b: Operand<Float>, into c: Matrix, from start: ProductStart,
    by sgemm: openblas_sgemm_function
  ) {
    sgemm(
      CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans, b.isTransposed ? CblasTrans : CblasNoTrans,
      blasint(c.rows), blasint(c.columns), blasint(a.columns),
      1, a.matrix.base, blasint(a.matrix.stride), b.matrix.base, blasint(b.matrix.stride),
      start.isZero ? 0 : 1, c.base, blasint(c.stride))
  }

  public static func productCount(rows: Int, columns: Int) -> Int { 0 }

  public static func multiply(
    _ a: Operand<Float>, _ b: Operand<Float>, bias: Vector?, into c: Matrix, product: Vector
  ) {
    Compute.multiply(a, b, into: c, from: bias.map { .bias($0) } ?? .zero)
  }

  public static func multiplyAndActivate(
    _ a: Operand<Float>, _ b: Operand<Float>, bias: Vector, kept: Matrix, output: Matrix, product: Vector
  ) {
    multiply(a, b, into: kept, from: .bias(bias)) { rows, columns in
      geluForward(output: output.rows(rows).columns(columns), input: kept.rows(rows).columns(columns))
    }
  }

  public static func multiplyThroughActivation(
    _ a: Operand<Float>, _ b: Operand<Float>, kept: Matrix, output: Matrix, gradient: Matrix, product: Vector
  ) {
    multiply(a, b, into: gradient, from: .zero) { rows, columns in
      let part = gradient.rows(rows).columns(columns)
      geluBackward(
        inputGradient: part, output: output.rows(rows).columns(columns), outputGradient: part,
        input: kept.rows(rows).columns(columns))
    }
  }

  /// - Parameter finish: called with each part of C when it has been made: of our own product while it is in the cache, of
  ///   OpenBLAS's with all of it.
  private static func multiply(
    _ a: Operand<Float>, _ b: Operand<Float>, into c: Matrix, from start: ProductStart, finish: PanelProduct.Part
  ) {
    precondition(a.columns == b.rows && c.rows == a.rows && c.columns == b.columns, "shapes do not fit")
    guard sgemm != nil else { return PanelProduct.run(a, b, into: c, from: start, finish: finish) }
    multiply(a, b, into: c, from: start)
    finish(0..<c.rows, 0..<c.columns)
  }
}
