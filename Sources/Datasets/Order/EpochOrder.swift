import Compute

/// The order in which an epoch takes the samples of a data set: a permutation of `0 ..< count` that is computed
/// position by position and needs no memory.
///
/// It is a Feistel network with Philox as its round function (Luby and Rackoff, "How to construct pseudorandom
/// permutations", 1988) on the smallest power of two that holds all positions; a result past the end goes through again
/// until it is inside ("cycle walking"; Black and Rogaway, "Ciphers with arbitrary finite domains", 2002), fewer than
/// two times on average.
public struct EpochOrder: Sendable {
  public let count: Int
  private let seed: UInt64
  private let epoch: Int
  private let purpose: RandomPurpose
  private let key: Int
  private let lowBits: Int
  private let highBits: Int

  /// Three or four rounds are enough in theory for large halves; tiny data sets have halves of one or two bits, which
  /// mix slowly.
  private static let rounds = 16

  /// - Parameter count: at least 1, below 2⁵⁶.
  public init(count: Int, seed: UInt64, epoch: Int) {
    self.init(count: count, seed: seed, epoch: epoch, purpose: .epochOrder, key: 0)
  }

  /// One of many orders of an epoch.
  ///
  /// - Parameter key: which one, below 2²⁰.
  init(count: Int, seed: UInt64, epoch: Int, purpose: RandomPurpose, key: Int = 0) {
    precondition(count > 0 && count < 1 << 56, "an order of \(count) samples")
    precondition(key >= 0 && key < 1 << 20, "order \(key) of an epoch")
    self.purpose = purpose
    self.key = key
    self.count = count
    self.seed = seed
    self.epoch = epoch
    let bits = Int.bitWidth - (count - 1).leadingZeroBitCount
    highBits = bits / 2
    lowBits = bits - highBits
  }

  /// The sample at `position`.
  public subscript(position: Int) -> Int {
    precondition(position >= 0 && position < count, "position \(position) of \(count)")
    var value = position
    repeat { value = permuted(value) } while value >= count
    return value
  }

  private func permuted(_ value: Int) -> Int {
    let lowMask = 1 << lowBits - 1
    let highMask = 1 << highBits - 1
    var low = value & lowMask
    var high = value >> lowBits
    for round in stride(from: 0, to: Self.rounds, by: 2) {
      low ^= word(round: round, half: high) & lowMask
      high ^= word(round: round + 1, half: low) & highMask
    }
    return high << lowBits | low
  }

  private func word(round: Int, half: Int) -> Int {
    // A half has at most 28 bits.
    var stream = RandomStream(
      seed: seed, purpose: purpose, epoch: epoch, sample: key << 36 | round << 32 | half)
    return Int(stream.nextWord())
  }
}
