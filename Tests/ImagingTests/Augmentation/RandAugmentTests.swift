import Compute
import Foundation
import Testing

@testable import Imaging

@Suite struct RandAugmentTests {
  @Test func thePapersPolicyIsTheDefault() throws {
    #expect(try RandAugment(parsing: "rand-m9-mstd0.5-inc1") == RandAugment())
    #expect(try RandAugment(parsing: RandAugment().text) == RandAugment())
    var other = RandAugment()
    (other.operations, other.magnitude, other.magnitudeDeviation, other.probability) = (3, 7.5, 0, 1)
    #expect(try RandAugment(parsing: "rand-n3-m7.5-inc1-p1") == other)
    #expect(other.text == "rand-m7.5-n3-p1-mstd0-inc1")
  }

  @Test(
    arguments: [
      ("augmix-m3", "does not begin with rand-"), ("rand-m11-inc1", "at most 10"), ("rand-m9", "add -inc1"),
      ("rand-m9-inc0", "add -inc1"), ("rand-n0-inc1", "1 to 15 operations"), ("rand-n2.5-inc1", "1 to 15 operations"),
      ("rand-p2-inc1", "at most 1"), ("rand-mstd101-inc1", "uniform"), ("rand-w0-inc1", "and not w0"),
      ("rand-mx-inc1", "mx is not"), ("rand--inc1", "is not a letter"), ("", "does not begin"),
      ("rand-m-1-inc1", "m is not"), ("rand-mnan-inc1", "mnan is not"), ("rand-m1e999-inc1", "is not"),
    ])
  func whatIsNoPolicyIsRefused(text: String, reason: String) {
    let error = #expect(throws: RandAugment.TextError.self) { try RandAugment(parsing: text) }
    #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
  }

  @Test func onlyEightBitColourAndGreyAreAugmented() {
    #expect(RandAugment.refusal(.uint8, channels: 1) == nil)
    #expect(RandAugment.refusal(.uint8, channels: 3) == nil)
    #expect(RandAugment.refusal(.uint8, channels: 4)?.contains("these have 4") == true)
    #expect(RandAugment.refusal(.uint16, channels: 3)?.contains("uint16") == true)
    #expect(RandAugment.refusal(.float32, channels: 3)?.contains("float32") == true)
  }

  /// As Python's `min(255, round(255 * x))`.
  @Test func imagesAreFilledWithTheMean() {
    #expect(RandAugment.fill(mean: [0.485, 0.456, 0.406, 0.5, 2, -1]) == [124, 116, 104, 128, 255, 0])
  }

  /// Of 30,000 draws each share lies within four deviations, √(p(1 − p)/n), of its probability.
  @Test func operationsAreDrawnEvenlyAndAppliedAsOftenAsAsked() {
    var policy = RandAugment()
    policy.probability = 0.6
    var counts: [String: Int] = [:]
    var (applied, right) = (0, 0)
    for sample in 0..<30_000 {
      var stream = RandomStream(seed: 4, purpose: .randAugment, sample: sample)
      guard let operation = policy.draw(&stream) else { continue }
      applied += 1
      counts[String("\(operation)".prefix { $0.isLetter }), default: 0] += 1
      if case .rotate(let degrees) = operation, degrees > 0 { right += 1 }
    }
    func expect(_ count: Int, of total: Int, _ share: Double) {
      #expect(abs(Double(count) / Double(total) - share) < 4 * (share * (1 - share) / Double(total)).squareRoot())
    }
    expect(applied, of: 30_000, 0.6)
    #expect(counts.count == 15)
    for count in counts.values { expect(count, of: applied, 1.0 / 15) }
    expect(right, of: counts["rotate"]!, 0.5)
  }

  /// Of 2,000 magnitudes the mean and deviation are those of the normal distribution held within 0...10: 8.9958 and 0.4899,
  /// by integrating. They lie within four deviations of those of the whole distribution, σ/√n and σ/√(2n).
  @Test func magnitudesAreNormal() {
    var degrees: [Double] = []
    var stream = RandomStream(seed: 4, purpose: .randAugment)
    while degrees.count < 2_000 {
      if case .rotate(let angle) = RandAugment().draw(&stream) { degrees.append(abs(angle) / 3) }
    }
    let mean = degrees.reduce(0, +) / 2_000
    let deviation = (degrees.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 2_000).squareRoot()
    #expect(abs(mean - 8.9958) < 4 * 0.5 / 2_000.0.squareRoot())
    #expect(abs(deviation - 0.4899) < 4 * 0.5 / 4_000.0.squareRoot())
    #expect(degrees.allSatisfy { $0 <= 10 })
  }

  @Test func anImageBelongsToSeedEpochAndSample() {
    var policy = RandAugment()
    policy.probability = 1
    func augmented(_ seed: UInt64, _ epoch: Int, _ sample: Int) -> Samples {
      let image = PlanarBytes(channels: 3, height: 9, width: 9)
      for place in 0..<243 { image.view.base(UInt8.self)[place] = UInt8(place * 37 % 251) }
      var op = ImageOperator()
      policy.apply(
        to: image.view, fill: [1, 2, 3], seed: seed, epoch: epoch, sample: sample, using: &op)
      return image.view.samples
    }
    #expect(augmented(1, 2, 3) == augmented(1, 2, 3))
    for other in [augmented(2, 2, 3), augmented(1, 3, 3), augmented(1, 2, 4)] { #expect(other != augmented(1, 2, 3)) }
    policy.probability = 0
    let untouched = augmented(1, 2, 3)
    #expect(untouched == augmented(9, 9, 9))
  }
}
