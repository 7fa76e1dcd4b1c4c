import Compute

/// In which order an epoch takes the samples of a data set.
public enum SampleOrder: String, Sendable, CaseIterable {
  /// Any sample may follow any other.
  case global
  /// Neighbours come soon after one another, so that a disk or a shard is read nearly from front to back.
  case blocks
}

/// An order in which samples that lie together come within a short time: runs of 512 neighbours are permuted, and samples
/// change places within windows of sixteen runs. Like `EpochOrder` it is computed position by position and needs no memory.
///
/// What is left when the data set is cut into runs belongs to the last window. The cutting begins at another sample in each
/// epoch, so that none is always the last and left out with an incomplete batch.
public struct BlockOrder: Sendable {
  public let count: Int
  private let seed: UInt64
  private let epoch: Int
  /// Whole runs.
  private let runs: Int
  private let start: Int

  static let runLength = 512
  static let runsInWindow = 16

  public init(count: Int, seed: UInt64, epoch: Int) {
    precondition(count > 0 && count < 1 << 50, "an order of \(count) samples")
    self.count = count
    self.seed = seed
    self.epoch = epoch
    runs = count / Self.runLength
    var stream = RandomStream(seed: seed, purpose: .blockStart, epoch: epoch)
    let high = Int(stream.nextWord())
    // 64 bits modulo a count below 2⁵⁰ favour no start by more than one in 2¹⁴.
    start = Int((UInt64(high) << 32 | UInt64(stream.nextWord())) % UInt64(count))
  }

  /// The sample at `position`.
  public subscript(position: Int) -> Int {
    precondition(position >= 0 && position < count, "position \(position) of \(count)")
    let windowLength = Self.runLength * Self.runsInWindow
    let windows = max(1, (runs + Self.runsInWindow - 1) / Self.runsInWindow)
    let window = min(position / windowLength, windows - 1)
    let first = window * windowLength
    let length = window == windows - 1 ? count - first : windowLength
    let place = EpochOrder(count: length, seed: seed, epoch: epoch, purpose: .blockWindow, key: window)[
      position - first]
    let (run, offset) = place.quotientAndRemainder(dividingBy: Self.runLength)
    let order = window * Self.runsInWindow + run
    // Past the last whole run lies what is left.
    let sample =
      order < runs
      ? EpochOrder(count: runs, seed: seed, epoch: epoch, purpose: .blockRun)[order] * Self.runLength + offset
      : runs * Self.runLength + place - (runs - window * Self.runsInWindow) * Self.runLength
    return (sample + start) % count
  }
}
