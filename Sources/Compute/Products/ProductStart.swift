/// What a product is added to.
public enum ProductStart: Sendable {
  /// C = A·B.
  case zero
  /// C += A·B.
  case target
  /// C = b + A·B, with b, [columns], on each row.
  case bias(Vector)
  /// C = R + b + A·B. R, of C's shape, is C itself or lies elsewhere.
  case residual(Matrix, bias: Vector)

  var isZero: Bool { if case .zero = self { true } else { false } }

  func fits(_ c: Matrix) -> Bool {
    switch self {
    case .zero, .target: true
    case .bias(let bias): bias.count == c.columns
    case .residual(let residual, let bias):
      bias.count == c.columns && residual.rows == c.rows && residual.columns == c.columns
    }
  }

  /// Writes it to C. Of zero, nothing: whoever multiplies does not read what was there.
  func write(to c: Matrix) {
    if case .bias(let bias) = self { fillRows(of: c, with: bias) }
    writeResidual(to: c, rows: 0..<c.rows, columns: 0..<c.columns)
  }

  /// Writes a residual and its bias to a part of C, if there is one.
  func writeResidual(to c: Matrix, rows: Range<Int>, columns: Range<Int>) {
    guard case .residual(let residual, let bias) = self else { return }
    addToRows(
      output: c.rows(rows).columns(columns), input: residual.rows(rows).columns(columns), vector: bias[columns])
  }
}
