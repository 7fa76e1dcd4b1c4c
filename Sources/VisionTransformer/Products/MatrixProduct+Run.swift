import Compute

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
