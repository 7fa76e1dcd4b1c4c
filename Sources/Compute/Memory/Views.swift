// A view is an address and its lengths, nothing more. It does not keep its memory alive, so all code follows one rule:
//
// Who uses a view holds the view's owner, an `AlignedBuffer` or an object that has one, for as long.
//
// - A type that uses views in its methods has the owner in a stored property.
// - A function that makes the owner itself writes below it, at once,
//
//       defer { extendLifetime(owner) }
//
//   so that the owner is there until the function is left, whether it returns or throws. Only where the function hands
//   the owner on to somebody who holds it, by returning it or by storing it, the line is not needed.
// - A function that is given a view relies on its caller, and lets no copy of the view stay behind.
//
// Ranges, rows and shapes are always checked. Single elements and blocks of them, which the hot loops take, are checked in
// a debug build (`launch/test --debug`).

/// A vector of floats.
public typealias Vector = VectorView<Float>
/// A matrix of floats.
public typealias Matrix = MatrixView<Float>

/// `count` elements, one after another, in memory that someone else owns.
///
/// Copying a view copies no elements. Threads that share one must agree on who writes where.
public struct VectorView<Element: BitwiseCopyable>: @unchecked Sendable {
  public let base: UnsafeMutablePointer<Element>
  public let count: Int

  @inlinable
  public init(base: UnsafeMutablePointer<Element>, count: Int) {
    self.base = base
    self.count = count
  }

  @inlinable
  public subscript(index: Int) -> Element {
    get {
      assert(index >= 0 && index < count, "element outside the vector")
      return base[index]
    }
    nonmutating set {
      assert(index >= 0 && index < count, "element outside the vector")
      base[index] = newValue
    }
  }

  /// The part of it in `range`.
  @inlinable
  public subscript(range: Range<Int>) -> VectorView {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "range outside the vector")
    return VectorView(base: base + range.lowerBound, count: range.count)
  }

  /// The same elements seen as a matrix of `rows` × `columns`, row after row.
  @inlinable
  public func reshaped(rows: Int, columns: Int) -> MatrixView<Element> {
    precondition(rows * columns == count, "\(count) elements are not \(rows) × \(columns)")
    return MatrixView(base: base, rows: rows, columns: columns)
  }

  /// For checks and for code that is not hot.
  public var array: [Element] { Array(UnsafeBufferPointer(start: base, count: count)) }
}

/// A row-major view of `rows` × `columns` elements in memory that someone else owns; rows start `stride` elements
/// apart.
public struct MatrixView<Element: BitwiseCopyable>: @unchecked Sendable {
  public let base: UnsafeMutablePointer<Element>
  public let rows: Int
  public let columns: Int
  public let stride: Int

  @inlinable
  public init(base: UnsafeMutablePointer<Element>, rows: Int, columns: Int, stride: Int? = nil) {
    self.base = base
    self.rows = rows
    self.columns = columns
    self.stride = stride ?? columns
    precondition(self.stride >= columns)
  }

  @inlinable
  public subscript(row: Int, column: Int) -> Element {
    get {
      assert(row >= 0 && row < rows && column >= 0 && column < columns, "element outside the matrix")
      return base[row * stride + column]
    }
    nonmutating set {
      assert(row >= 0 && row < rows && column >= 0 && column < columns, "element outside the matrix")
      base[row * stride + column] = newValue
    }
  }

  @inlinable
  public func row(_ index: Int) -> VectorView<Element> {
    precondition(index >= 0 && index < rows, "row outside the matrix")
    return VectorView(base: base + index * stride, count: columns)
  }

  @inlinable
  public func rows(_ range: Range<Int>) -> MatrixView {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows outside the matrix")
    return MatrixView(base: base + range.lowerBound * stride, rows: range.count, columns: columns, stride: stride)
  }

  @inlinable
  public func columns(_ range: Range<Int>) -> MatrixView {
    precondition(range.lowerBound >= 0 && range.upperBound <= columns, "columns outside the matrix")
    return MatrixView(base: base + range.lowerBound, rows: rows, columns: range.count, stride: stride)
  }

  /// All of it as one vector; its rows must lie one after another.
  @inlinable
  public var flat: VectorView<Element> {
    precondition(stride == columns, "the rows do not lie one after another")
    return VectorView(base: base, count: rows * columns)
  }
}

extension AlignedBuffer {
  /// All of it. The rule for views is at the head of this file.
  public var all: VectorView<Element> { VectorView(base: base, count: count) }
}
