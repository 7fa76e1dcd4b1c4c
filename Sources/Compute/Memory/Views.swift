/// `count` floats, one after another, in memory that someone else owns.
///
/// A view is an address and a length, nothing more: copying it copies no floats. Whoever owns the memory must
/// outlive it, and threads that share it must agree on who writes where.
public struct Vector: @unchecked Sendable {
  public let base: UnsafeMutablePointer<Float>
  public let count: Int

  @inlinable
  public init(base: UnsafeMutablePointer<Float>, count: Int) {
    self.base = base
    self.count = count
  }

  @inlinable
  public subscript(index: Int) -> Float {
    get { base[index] }
    nonmutating set { base[index] = newValue }
  }

  /// The part of it in `range`.
  @inlinable
  public subscript(range: Range<Int>) -> Vector {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "range outside the vector")
    return Vector(base: base + range.lowerBound, count: range.count)
  }

  /// The same floats seen as a matrix of `rows` × `columns`, row after row.
  @inlinable
  public func reshaped(rows: Int, columns: Int) -> Matrix {
    precondition(rows * columns == count, "\(count) floats are not \(rows) × \(columns)")
    return Matrix(base: base, rows: rows, columns: columns)
  }

  /// For checks and for code that is not hot.
  public var array: [Float] { Array(UnsafeBufferPointer(start: base, count: count)) }
}

/// A row-major view of `rows` × `columns` floats in memory that someone else owns; rows start `stride` floats
/// apart.
public struct Matrix: @unchecked Sendable {
  public let base: UnsafeMutablePointer<Float>
  public let rows: Int
  public let columns: Int
  public let stride: Int

  @inlinable
  public init(base: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int? = nil) {
    self.base = base
    self.rows = rows
    self.columns = columns
    self.stride = stride ?? columns
    precondition(self.stride >= columns)
  }

  @inlinable
  public subscript(row: Int, column: Int) -> Float {
    get { base[row * stride + column] }
    nonmutating set { base[row * stride + column] = newValue }
  }

  @inlinable
  public func row(_ index: Int) -> Vector {
    precondition(index >= 0 && index < rows, "row outside the matrix")
    return Vector(base: base + index * stride, count: columns)
  }

  @inlinable
  public func rows(_ range: Range<Int>) -> Matrix {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows outside the matrix")
    return Matrix(base: base + range.lowerBound * stride, rows: range.count, columns: columns, stride: stride)
  }

  @inlinable
  public func columns(_ range: Range<Int>) -> Matrix {
    precondition(range.lowerBound >= 0 && range.upperBound <= columns, "columns outside the matrix")
    return Matrix(base: base + range.lowerBound, rows: rows, columns: range.count, stride: stride)
  }

  /// All of it as one vector; its rows must lie one after another.
  @inlinable
  public var flat: Vector {
    precondition(stride == columns, "the rows do not lie one after another")
    return Vector(base: base, count: rows * columns)
  }
}

extension AlignedBuffer where Element == Float {
  /// All of it. The buffer must outlive the view.
  public var all: Vector { Vector(base: base, count: count) }
}
