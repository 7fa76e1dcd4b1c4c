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

  /// The same operand, where it is kept in single precision.
  @inline(__always)
  var floats: Operand<Float>? {
    guard let matrix = matrix as? Matrix else { return nil }
    return isTransposed ? .transposed(matrix) : .plain(matrix)
  }

  /// The part of it that gives the columns `range` of a product.
  @inline(__always)
  func columns(_ range: Range<Int>) -> Operand {
    switch self {
    case .plain(let matrix): .plain(matrix.columns(range))
    case .transposed(let matrix): .transposed(matrix.rows(range))
    }
  }
}

/// Called with each part of a product when it has been made; the parts do not overlap.
public typealias ProductPart = (_ rows: Range<Int>, _ columns: Range<Int>) -> Void

/// C = A·B, or what `start` says; sums are single precision. One thread; the caller's.
///
/// - Parameters:
///   - c: overlaps neither A nor B.
///   - finish: is called while the part is in the cache, where our own kernels make the product. It must not multiply.
public func multiply<Element: StoredElement>(
  _ a: Operand<Element>, _ b: Operand<Element>, into c: Matrix, from start: ProductStart = .zero,
  finish: ProductPart = { _, _ in }
) {
  precondition(a.columns == b.rows && c.rows == a.rows && c.columns == b.columns, "shapes do not fit")
  precondition(start.fits(c), "the shape of what a product is added to does not fit")
  Element.multiply(a, b, into: c, from: start, finish: finish)
}
