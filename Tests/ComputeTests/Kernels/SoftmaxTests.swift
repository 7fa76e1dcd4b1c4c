import Compute
import Foundation
import ReferenceArithmetic
import Testing

@Suite struct SoftmaxTests {
  struct Case: Sendable, CustomStringConvertible {
    let rows: Int
    let columns: Int
    var spread = 3.0
    var description: String { "[\(rows), \(columns)] of deviation \(spread)" }

    /// The last one spreads so far that most probabilities vanish.
    static let all = [
      Case(rows: 2, columns: 1), Case(rows: 3, columns: 16), Case(rows: 5, columns: 37), Case(rows: 4, columns: 200),
      Case(rows: 4, columns: 50, spread: 300),
    ]
    /// Strides are multiples of sixteen, wherever a row starts.
    var placements: [Placement] {
      let padding = (columns + 15) / 16 * 16 - columns
      return [
        Placement(offset: 0, padding: padding), Placement(offset: 1, padding: padding + 16),
        Placement(offset: 7, padding: padding),
      ]
    }
    func matrix(_ placement: Placement, seed: UInt64, scale: Double = 1) -> FramedMatrix {
      FramedMatrix(
        rows: rows, columns: columns, placement, reach: (columns + 15) / 16 * 16, seed: seed, scale: scale)
    }
  }

  static let scale: Float = 0.37

  @Test(arguments: Case.all) func forward(_ shape: Case) {
    var first: [[UInt32]]?
    for placement in shape.placements {
      let rows = shape.matrix(placement, seed: 1, scale: shape.spread)
      let maximum = FramedMatrix(rows: 1, columns: shape.rows, placement)
      defer { extendLifetime(maximum) }
      let inverseSum = FramedMatrix(rows: 1, columns: shape.rows, placement)
      defer { extendLifetime(inverseSum) }
      let scores = rows.values
      let reference = referenceSoftmax(rows.grid(of: Rounded.self), scale: Rounded(Self.scale))
      softmaxForward(
        probabilities: rows.view, rows: rows.view, scale: Self.scale, maximum: maximum.vector,
        inverseSum: inverseSum.vector)
      #expect(deviation(of: rows.values, from: reference.values) <= 1)
      let bits = [rows.bits, maximum.bits, inverseSum.bits]
      #expect(bits == first ?? bits, "\(placement)")
      #expect(rows.frameIsIntact && maximum.frameIsIntact && inverseSum.frameIsIntact, "\(placement)")
      first = bits

      let again = shape.matrix(placement, seed: 1)
      again.fill(scores)
      softmaxRecompute(
        probabilities: again.view, rows: again.view, scale: Self.scale, maximum: maximum.vector,
        inverseSum: inverseSum.vector)
      #expect(again.bits == rows.bits, "\(placement)")
      #expect(again.frameIsIntact)
    }
  }

  /// Beside a score of 0, a score x has the probability e^x / (1 + e^x): the quotient of the two is Compute's
  /// exponential with one rounding of its own.
  @Test func exponentialIsAccurate() {
    let count = 200_000
    let arguments = (0..<count).map { -87 * Float($0) / Float(count - 1) }
    let rows = FramedMatrix(
      rows: count, columns: 2, Placement(offset: 0, padding: 14), reach: 16, values: arguments.flatMap { [0, $0] })
    defer { extendLifetime(rows) }
    let (maximum, inverseSum) = (FramedMatrix(rows: 1, columns: count), FramedMatrix(rows: 1, columns: count))
    defer { extendLifetime(maximum) }
    defer { extendLifetime(inverseSum) }
    softmaxForward(
      probabilities: rows.view, rows: rows.view, scale: 1, maximum: maximum.vector, inverseSum: inverseSum.vector)
    var worst = 0.0
    for (index, x) in arguments.enumerated() {
      let quotient = Double(rows.view[index, 1]) / Double(rows.view[index, 0])
      worst = max(worst, abs(quotient / exp(Double(x)) - 1))
    }
    #expect(worst <= (Rounded.exponentialUnits + 1) * Rounded.unit)
  }

  @Test func vanishingProbabilitiesAreZero() {
    let scores: [Float] = [0, -87.5, -1e30, -.infinity, -.greatestFiniteMagnitude, 0]
    let rows = FramedMatrix(
      rows: 1, columns: scores.count, Placement(offset: 0, padding: 10), reach: 16, values: scores)
    let (maximum, inverseSum) = (FramedMatrix(rows: 1, columns: 1), FramedMatrix(rows: 1, columns: 1))
    defer { extendLifetime(maximum) }
    defer { extendLifetime(inverseSum) }
    softmaxForward(
      probabilities: rows.view, rows: rows.view, scale: 1, maximum: maximum.vector, inverseSum: inverseSum.vector)
    #expect(rows.values == [0.5, 0, 0, 0, 0, 0.5])
  }

  /// A NaN must reach the loss, where the run stops on it; whatever its payload is.
  @Test(arguments: [Float.nan, -Float.nan, Float(nan: 1, signaling: false), Float(nan: 0x1FFFFF, signaling: false)])
  func notANumberStaysInItsRow(_ nan: Float) {
    let columns = 21
    var scores = normals(3 * columns, seed: 4)
    scores[columns + 18] = nan
    let rows = FramedMatrix(rows: 3, columns: columns, Placement(offset: 0, padding: 11), reach: 32, values: scores)
    defer { extendLifetime(rows) }
    let (maximum, inverseSum) = (FramedMatrix(rows: 1, columns: 3), FramedMatrix(rows: 1, columns: 3))
    defer { extendLifetime(maximum) }
    defer { extendLifetime(inverseSum) }
    softmaxForward(
      probabilities: rows.view, rows: rows.view, scale: 1, maximum: maximum.vector, inverseSum: inverseSum.vector)
    #expect(rows.view.row(1).array.allSatisfy { $0.isNaN })
    #expect((rows.view.row(0).array + rows.view.row(2).array).allSatisfy { $0.isFinite })
  }

  @Test(arguments: Case.all) func backward(_ shape: Case) {
    var first: [UInt32]?
    for placement in shape.placements {
      let probabilities = shape.matrix(placement, seed: 1, scale: shape.spread)
      let (maximum, inverseSum) = (
        FramedMatrix(rows: 1, columns: shape.rows), FramedMatrix(rows: 1, columns: shape.rows)
      )
      defer { extendLifetime(maximum) }
      defer { extendLifetime(inverseSum) }
      softmaxForward(
        probabilities: probabilities.view, rows: probabilities.view, scale: Self.scale, maximum: maximum.vector,
        inverseSum: inverseSum.vector)
      let dp = shape.matrix(placement, seed: 2)
      let reference = referenceSoftmaxBackward(
        dp: dp.grid(), probabilities: probabilities.grid(), scale: Rounded(Self.scale))
      softmaxBackward(
        inputGradient: dp.view, outputGradient: dp.view, probabilities: probabilities.view, scale: Self.scale)
      #expect(deviation(of: dp.values, from: reference.values) <= 1)
      #expect(dp.bits == first ?? dp.bits, "\(placement)")
      #expect(dp.frameIsIntact && probabilities.frameIsIntact, "\(placement)")
      first = dp.bits
    }
  }

  @Test(arguments: Case.all.prefix(3)) func backwardReferenceIsTheSlopeOfForward(_ shape: Case) {
    let (scores, dp) = (shape.matrix(.aligned, seed: 1), shape.matrix(.aligned, seed: 2))
    let slopes = gradient(at: scores.doubles) {
      let x = Grid(rows: shape.rows, columns: shape.columns, $0)
      return Double.dot(referenceSoftmax(x, scale: Double(Self.scale)).values, dp.doubles)
    }
    let probabilities = referenceSoftmax(scores.grid(of: Rounded.self), scale: Rounded(Self.scale))
    let analytic = referenceSoftmaxBackward(dp: dp.grid(), probabilities: probabilities, scale: Rounded(Self.scale))
    #expect(deviation(of: analytic.values, from: slopes) <= 1)
  }
}

/// e^(s·x − m) / Σ e^(s·x − m), row by row.
func referenceSoftmax<Number: Real & Comparable>(_ x: Grid<Number>, scale: Number) -> Grid<Number> {
  let rows = (0..<x.rows).flatMap { index in
    let scaled = x.row(index).map { $0 * scale }
    let top = scaled.max()!
    let powers = scaled.map { ($0 - top).exponential() }
    let sum = Number.sum(powers)
    return powers.map { $0 * (Number(1.0) / sum) }
  }
  return Grid(rows: x.rows, columns: x.columns, rows)
}

func referenceSoftmaxBackward(
  dp: Grid<Rounded>, probabilities: Grid<Rounded>, scale: Rounded
) -> Grid<Rounded> {
  let means = (0..<dp.rows).map { Rounded.dot(dp.row($0), probabilities.row($0)) }
  return Grid(rows: dp.rows, columns: dp.columns) {
    (dp[$0, $1] - means[$0]) * probabilities[$0, $1] * scale
  }
}
