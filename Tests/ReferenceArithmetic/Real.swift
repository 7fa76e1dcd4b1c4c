import Foundation

/// The arithmetic that a reference is written in: `Double` for its value, `Rounded` for how far single precision may
/// stray from it.
public protocol Real: Sendable {
  init(_ exact: Double)
  static func + (a: Self, b: Self) -> Self
  static func - (a: Self, b: Self) -> Self
  static func * (a: Self, b: Self) -> Self
  static func / (a: Self, b: Self) -> Self
  func squareRoot() -> Self
  func exponential() -> Self
  /// The sum of all of them, in whatever order the tested code adds them.
  static func sum(_ terms: [Self]) -> Self
}

extension Real {
  public init(_ exact: Float) {
    self.init(Double(exact))
  }

  /// Σ a·b.
  public static func dot(_ a: [Self], _ b: [Self]) -> Self {
    precondition(a.count == b.count)
    return sum(zip(a, b).map { $0 * $1 })
  }

  public static func mean(_ terms: [Self]) -> Self {
    sum(terms) / Self(Double(terms.count))
  }
}

extension Double: Real {
  public func exponential() -> Double { exp(self) }
  public static func sum(_ terms: [Double]) -> Double { terms.reduce(0, +) }
}

/// A matrix of reference numbers, row after row.
public struct Grid<Number: Real>: Sendable {
  public let rows: Int
  public let columns: Int
  public var values: [Number]

  public init(rows: Int, columns: Int, _ values: [Number]) {
    precondition(values.count == rows * columns)
    (self.rows, self.columns, self.values) = (rows, columns, values)
  }

  public init(rows: Int, columns: Int, _ element: (_ row: Int, _ column: Int) -> Number) {
    self.init(
      rows: rows, columns: columns,
      (0..<rows).flatMap { row in (0..<columns).map { column in element(row, column) } })
  }

  public subscript(row: Int, column: Int) -> Number {
    get { values[row * columns + column] }
    set { values[row * columns + column] = newValue }
  }

  public func row(_ index: Int) -> [Number] { Array(values[index * columns..<(index + 1) * columns]) }
  public func column(_ index: Int) -> [Number] { (0..<rows).map { self[$0, index] } }

  /// Columns `range` as a matrix of their own.
  public func columns(_ range: Range<Int>) -> Grid {
    Grid(rows: rows, columns: range.count) { self[$0, range.lowerBound + $1] }
  }
}
