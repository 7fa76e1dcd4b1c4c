/// What a random number is for. The purpose is part of the generator's counter, so that two purposes never
/// see the same numbers.
public enum RandomPurpose: UInt8, Sendable {
  case initialization = 1
  case epochOrder = 2
  case crop = 3
  case flip = 4
  case mask = 5
  case noiseImage = 6
  case blockStart = 7
  case blockRun = 8
  case blockWindow = 9
  case mixing = 10
  case erasing = 11
  case randAugment = 12
  case dropPath = 13
}

/// The random numbers for one purpose, one epoch and one sample: a pure function of these and the seed.
///
/// Nothing else enters, so it makes no difference which thread or rank asks, how often the run was stopped,
/// or what was drawn before.
public struct RandomStream: Sendable {
  private let generator: Philox4x32
  private var counter: SIMD4<UInt32>
  private var words = SIMD4<UInt32>()
  private var used = 4

  /// - Parameters:
  ///   - epoch: below 2³².
  ///   - sample: the sample's index in the data set, or another index that the purpose defines; below 2⁵⁶.
  public init(seed: UInt64, purpose: RandomPurpose, epoch: Int = 0, sample: Int = 0) {
    precondition(sample >= 0 && sample < 1 << 56, "sample \(sample) is outside 0..<2^56")
    generator = Philox4x32(key: SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)))
    counter = SIMD4(
      0,
      UInt32(truncatingIfNeeded: sample),
      UInt32(epoch),
      UInt32(purpose.rawValue) << 24 | UInt32(sample >> 32))
  }

  /// 32 random bits.
  public mutating func nextWord() -> UInt32 {
    if used == 4 {
      words = generator.block(at: counter)
      counter[0] &+= 1
      used = 0
    }
    defer { used += 1 }
    return words[used]
  }

  /// A uniform number in [0, 1): 24 bits.
  public mutating func uniform() -> Float {
    Float(nextWord() >> 8) * 0x1p-24
  }

  /// A uniform number in `range`: 53 bits.
  public mutating func uniform(in range: ClosedRange<Double>) -> Double {
    let high = UInt64(nextWord() >> 6)
    let low = UInt64(nextWord() >> 5)
    let unit = Double(high << 27 | low) * 0x1p-53
    return range.lowerBound + (range.upperBound - range.lowerBound) * unit
  }

  /// A uniform integer in `0..<bound`, without bias: draws that would favour the small numbers are drawn again.
  public mutating func integer(below bound: UInt32) -> UInt32 {
    precondition(bound > 0)
    var product = nextWord().multipliedFullWidth(by: bound)
    let threshold = (0 &- bound) % bound
    while product.low < threshold {
      product = nextWord().multipliedFullWidth(by: bound)
    }
    return product.high
  }

  /// A number from the standard normal distribution, by Box and Muller.
  public mutating func normal() -> Double {
    let radius = (-2 * Elementary.log(1 - uniform(in: 0...1))).squareRoot()
    return radius * Elementary.cos(2 * .pi * uniform(in: 0...1))
  }
}
