/// A matrix product [rows, inner] · [inner, columns] that a training step makes `count` times.
public struct MatrixProduct: Sendable, Hashable, Codable {
  /// Which of the two is read transposed, as the layers' three products do.
  public enum Form: String, Sendable, Codable {
    /// x·Wᵀ: forward.
    case secondTransposed
    /// dy·W: the gradient of the input.
    case plain
    /// dyᵀ·x: the gradient of the weight.
    case firstTransposed
  }

  public let form: Form
  public var rows: Int
  public let columns: Int
  public var inner: Int
  public var count: Int

  public init(form: Form, rows: Int, columns: Int, inner: Int, count: Int) {
    (self.form, self.rows, self.columns) = (form, rows, columns)
    (self.inner, self.count) = (inner, count)
  }

  public var operations: Double { 2 * Double(rows) * Double(columns) * Double(inner) * Double(count) }
}

extension MatrixProduct {
  /// Makes the product once, for its time: of the first elements of `a` and `b`, into the first values of `c`. One
  /// thread; the caller's.
  public func run<Element: StoredElement>(_ a: VectorView<Element>, _ b: VectorView<Element>, into c: Vector) {
    let output = c[0..<rows * columns].reshaped(rows: rows, columns: columns)
    func matrix(_ elements: VectorView<Element>, _ rows: Int, _ columns: Int) -> MatrixView<Element> {
      elements[0..<rows * columns].reshaped(rows: rows, columns: columns)
    }
    switch form {
    case .plain: multiply(.plain(matrix(a, rows, inner)), .plain(matrix(b, inner, columns)), into: output)
    case .secondTransposed:
      multiply(.plain(matrix(a, rows, inner)), .transposed(matrix(b, columns, inner)), into: output)
    case .firstTransposed:
      multiply(.transposed(matrix(a, inner, rows)), .plain(matrix(b, inner, columns)), into: output)
    }
  }
}
