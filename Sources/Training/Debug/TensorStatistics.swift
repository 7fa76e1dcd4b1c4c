import Compute
import Foundation

/// Mean, deviation and extremes of a tensor's finite values, and how many are not finite. Parts of a tensor can be looked
/// at one by one and put together.
struct TensorStatistics: Sendable {
  private var sum = 0.0
  private var squares = 0.0
  private var finiteCount = 0
  private(set) var nonFiniteCount = 0
  private(set) var least = Float.infinity
  private(set) var most = -Float.infinity

  init(_ values: Matrix) {
    for row in 0..<values.rows {
      for column in 0..<values.columns {
        let value = values[row, column]
        guard value.isFinite else {
          nonFiniteCount += 1
          continue
        }
        sum += Double(value)
        squares += Double(value) * Double(value)
        finiteCount += 1
        least = min(least, value)
        most = max(most, value)
      }
    }
  }

  var isFinite: Bool { nonFiniteCount == 0 }
  var mean: Double { sum / Double(max(1, finiteCount)) }
  var deviation: Double { max(0, squares / Double(max(1, finiteCount)) - mean * mean).squareRoot() }

  mutating func add(_ other: TensorStatistics) {
    sum += other.sum
    squares += other.squares
    finiteCount += other.finiteCount
    nonFiniteCount += other.nonFiniteCount
    least = min(least, other.least)
    most = max(most, other.most)
  }

  static let header = "  name                                     mean  deviation       least        most  not finite"

  func row(named name: String) -> String {
    let padded = name.padding(toLength: max(34, name.count), withPad: " ", startingAt: 0)
    return "  " + padded
      + String(format: "%11.3e%11.3e%12.3e%12.3e%12d", mean, deviation, Double(least), Double(most), nonFiniteCount)
  }
}
