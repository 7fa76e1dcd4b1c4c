import Compute
import Foundation
import Testing

/// The statistics here are of fixed seeds: they hold or not, the same on every run. A bound of five deviations is
/// passed by one sound generator in 1.7 million by chance.
@Suite struct RandomStreamTests {
  static let deviations = 5.0

  @Test func whateverNamesAStreamChangesIt() {
    let streams = [
      RandomStream(seed: 1, purpose: .mask, epoch: 2, sample: 3),
      RandomStream(seed: 2, purpose: .mask, epoch: 2, sample: 3),
      RandomStream(seed: 1 | 1 << 32, purpose: .mask, epoch: 2, sample: 3),
      RandomStream(seed: 1, purpose: .crop, epoch: 2, sample: 3),
      RandomStream(seed: 1, purpose: .flip, epoch: 2, sample: 3),
      RandomStream(seed: 1, purpose: .epochOrder, epoch: 2, sample: 3),
      RandomStream(seed: 1, purpose: .initialization, epoch: 2, sample: 3),
      RandomStream(seed: 1, purpose: .mask, epoch: 3, sample: 3),
      RandomStream(seed: 1, purpose: .mask, epoch: 3, sample: 2),
      RandomStream(seed: 1, purpose: .mask, epoch: 2, sample: 4),
      RandomStream(seed: 1, purpose: .mask, epoch: 2, sample: 3 + 1 << 32),
      RandomStream(seed: 1, purpose: .mask, epoch: 2, sample: 3 + 1 << 55),
    ]
    // Among n pairs of words one in 2³² agrees by chance: 12·100 words have 7e5 pairs, 1.7e-4 agreements.
    let words = streams.flatMap { stream in
      var stream = stream
      return (0..<100).map { _ in stream.nextWord() }
    }
    #expect(Set(words).count == words.count)
    var (first, again) = (streams[0], RandomStream(seed: 1, purpose: .mask, epoch: 2, sample: 3))
    #expect((0..<100).allSatisfy { _ in first.nextWord() == again.nextWord() })
  }

  @Test func uniformIsUniform() {
    var stream = RandomStream(seed: 5, purpose: .mask)
    let count = 200_000
    let values = (0..<count).map { _ in Double(stream.uniform()) }
    #expect(values.allSatisfy { $0 >= 0 && $0 < 1 })
    #expect(values.allSatisfy { $0 * 0x1p24 == ($0 * 0x1p24).rounded() })
    expectMoments(values, mean: 0.5, variance: 1.0 / 12, fourthMoment: 1.0 / 80)
    // The largest is below 1 − t with probability (1 − t)ⁿ < e^(−14) for t = 14/n; the smallest likewise.
    #expect(values.max()! > 1 - 14 / Double(count) && values.min()! < 14 / Double(count))
  }

  @Test func uniformStaysInItsRange() {
    var stream = RandomStream(seed: 6, purpose: .crop)
    let values = (0..<200_000).map { _ in stream.uniform(in: -0.75...1.25) }
    #expect(values.allSatisfy { $0 >= -0.75 && $0 <= 1.25 })
    expectMoments(values, mean: 0.25, variance: 4.0 / 12, fourthMoment: 16.0 / 80)
    // 53 bits: both halves of the mantissa are drawn.
    let units = (0..<1000).map { _ in stream.uniform(in: 0...1) * 0x1p53 }
    #expect(units.allSatisfy { $0 == $0.rounded() && $0 < 0x1p53 })
    for bit in 0..<53 {
      let ones = units.count { UInt64($0) >> bit & 1 == 1 }
      #expect(abs(Double(ones) - 500) <= Self.deviations * 250.squareRoot(), "bit \(bit)")
    }
  }

  @Test func normalIsNormal() {
    var stream = RandomStream(seed: 7, purpose: .initialization)
    let values = (0..<200_000).map { _ in stream.normal() }
    #expect(values.allSatisfy { $0.isFinite })
    expectMoments(values, mean: 0, variance: 1, fourthMoment: 3)
    for (limit, share) in [(1.0, 0.682_689_492), (2, 0.954_499_736), (3, 0.997_300_204)] {
      let inside = values.count { abs($0) < limit }
      let deviation = (Double(values.count) * share * (1 - share)).squareRoot()
      #expect(abs(Double(inside) - share * Double(values.count)) <= Self.deviations * deviation, "within \(limit)")
    }
  }

  /// Its 23 bits and the float that they end in move a share by less than 2⁻²⁰: nothing beside the deviations.
  @Test func fastNormalIsNormal() {
    var stream = RandomStream(seed: 17, purpose: .erasing)
    let values = (0..<1_000_000).map { _ in Double(stream.fastNormal()) }
    #expect(values.allSatisfy { $0.isFinite })
    expectMoments(values, mean: 0, variance: 1, fourthMoment: 3)
    expectDistribution(values) { 0.5 * erfc(-$0 / 2.0.squareRoot()) }
    // The edge of the tail is 3.654…; beyond 4 lie 6.334e-5.
    for (limit, share) in [(3.7, 2.155_99e-4), (4, 6.334_25e-5)] {
      let outside = values.count { abs($0) > limit }
      let deviation = (Double(values.count) * share).squareRoot()
      #expect(abs(Double(outside) - share * Double(values.count)) <= Self.deviations * deviation, "beyond \(limit)")
    }
  }

  /// The distributions that have a formula: of the arc sine, uniform, and 3x² − 2x³.
  @Test func betaIsBeta() {
    let distributions: [(shape: Double, function: (Double) -> Double)] = [
      (0.5, { 2 / .pi * asin($0.squareRoot()) }), (1, { $0 }), (2, { $0 * $0 * (3 - 2 * $0) }),
    ]
    for (shape, function) in distributions {
      var stream = RandomStream(seed: 18, purpose: .mixing, sample: Int(shape * 2))
      let values = (0..<20_000).map { _ in stream.beta(shape) }
      #expect(values.allSatisfy { (0...1).contains($0) })
      expectDistribution(values, function)
    }
  }

  /// Of a small shape nearly all numbers are 0 or 1, and of a large one ½.
  @Test func betaOfExtremeShapesIsInRange() {
    for (shape, isExpected) in [(1e-6, { $0 < 0.01 || $0 > 0.99 }), (1e9, { abs($0 - 0.5) < 0.001 })]
      as [(Double, (Double) -> Bool)]
    {
      var stream = RandomStream(seed: 19, purpose: .mixing)
      #expect((0..<200).allSatisfy { _ in isExpected(stream.beta(shape)) }, "shape \(shape)")
    }
  }

  /// Kolmogorov and Smirnov: √n times the largest distance from the distribution's function stays below x but in
  /// 2·e^(−2x²) of all cases.
  private func expectDistribution(
    _ values: [Double], _ function: (Double) -> Double, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let count = Double(values.count)
    let distance = values.sorted().enumerated().map { place, value in
      max(abs(function(value) - Double(place) / count), abs(function(value) - Double(place + 1) / count))
    }.max()!
    let rare = erfc(Self.deviations / 2.0.squareRoot())
    #expect(distance * count.squareRoot() <= (-0.5 * log(rare / 2)).squareRoot(), sourceLocation: sourceLocation)
  }

  /// χ² of k bins has mean k − 1 and variance 2(k − 1); Wilson and Hilferty's cube root makes it normal enough.
  @Test(arguments: [2, 3, 7, 100, 1000] as [UInt32]) func integersAreEven(_ bound: UInt32) {
    var stream = RandomStream(seed: 8, purpose: .epochOrder, sample: Int(bound))
    var counts = Array(repeating: 0, count: Int(bound))
    for _ in 0..<300_000 { counts[Int(stream.integer(below: bound))] += 1 }
    expectEven(counts)
  }

  /// At a bound of ¾·2³² a plain product would hit a third of the numbers twice as often as the rest.
  @Test func integersBelowALargeBoundAreEven() {
    let bound: UInt32 = 0xC000_0000
    var stream = RandomStream(seed: 9, purpose: .epochOrder)
    var (thirds, residues) = ([0, 0, 0], [0, 0, 0])
    for _ in 0..<300_000 {
      let value = stream.integer(below: bound)
      thirds[Int(value / 0x4000_0000)] += 1
      residues[Int(value % 3)] += 1
    }
    expectEven(thirds)
    expectEven(residues)
    #expect((0..<100).allSatisfy { _ in stream.integer(below: 1) == 0 })
  }

  private func expectEven(_ counts: [Int], sourceLocation: SourceLocation = #_sourceLocation) {
    let expected = Double(counts.reduce(0, +)) / Double(counts.count)
    let statistic = counts.reduce(0.0) { $0 + pow(Double($1) - expected, 2) / expected }
    let freedom = Double(counts.count - 1)
    let bound = freedom * pow(1 - 2 / (9 * freedom) + Self.deviations * (2 / (9 * freedom)).squareRoot(), 3)
    #expect(statistic <= bound, sourceLocation: sourceLocation)
  }

  /// The mean's variance is σ²/n, that of the variance (μ₄ − σ⁴)/n.
  private func expectMoments(
    _ values: [Double], mean: Double, variance: Double, fourthMoment: Double,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let count = Double(values.count)
    let found = values.reduce(0, +) / count
    let spread = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    #expect(abs(found - mean) <= Self.deviations * (variance / count).squareRoot(), sourceLocation: sourceLocation)
    #expect(
      abs(spread - variance) <= Self.deviations * ((fourthMoment - variance * variance) / count).squareRoot(),
      sourceLocation: sourceLocation)
  }
}
