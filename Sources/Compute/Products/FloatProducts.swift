import COpenBLAS

/// Products in single precision, by whoever makes them in this process (see `BLAS`).
extension Float {
  public static func multiply(
    _ a: Operand<Float>, _ b: Operand<Float>, into c: Matrix, from start: ProductStart, finish: ProductPart
  ) {
    guard let sgemm else { return PanelProduct.run(a, b, into: c, from: start, finish: finish) }
    start.write(to: c)
    sgemm(
      CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans, b.isTransposed ? CblasTrans : CblasNoTrans,
      blasint(c.rows), blasint(c.columns), blasint(a.columns),
      1, a.matrix.base, blasint(a.matrix.stride), b.matrix.base, blasint(b.matrix.stride),
      start.isZero ? 0 : 1, c.base, blasint(c.stride))
    finish(0..<c.rows, 0..<c.columns)
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
    Compute.multiply(a, b, into: kept, from: .bias(bias)) { rows, columns in
      geluForward(output: output.rows(rows).columns(columns), input: kept.rows(rows).columns(columns))
    }
  }

  public static func multiplyThroughActivation(
    _ a: Operand<Float>, _ b: Operand<Float>, kept: Matrix, output: Matrix, gradient: Matrix, product: Vector
  ) {
    Compute.multiply(a, b, into: gradient) { rows, columns in
      let part = gradient.rows(rows).columns(columns)
      geluBackward(
        inputGradient: part, output: output.rows(rows).columns(columns), outputGradient: part,
        input: kept.rows(rows).columns(columns))
    }
  }
}
