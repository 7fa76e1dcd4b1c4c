import Compute

/// Carries out the rounds of a schedule on vectors, one range of elements at a time.
///
/// Each thread has an executor of its own (it owns scratch memory) and takes its own range; elements do not influence
/// each other, so the ranges make no difference to the bits. All operations of a round run on one small block of
/// elements before the next block: every leaf is read from memory once, and partial sums within the round never leave
/// the cache.
public final class ReductionExecutor: Sendable {
  public let schedule: ReductionSchedule
  private let blockFloats: Int
  private let scratch: AlignedBuffer<Float>

  /// Half of a common L2 cache (512 KiB), shared by all that a block touches.
  private static let cacheFloats = 65_536

  public init(schedule: ReductionSchedule) {
    self.schedule = schedule
    let scratchCount = schedule.rounds.map(\.scratchCount).max() ?? 0
    let leafCount = schedule.rounds.map(\.leaves.count).max() ?? 0
    let share = Self.cacheFloats / (scratchCount + leafCount + schedule.slotCount)
    blockFloats = min(max(share, 256), 4096) & ~15
    scratch = AlignedBuffer(repeating: 0, count: scratchCount * blockFloats)
  }

  /// Adds the leaves of one round to the sum; to be called for the rounds in order.
  ///
  /// - Parameters:
  ///   - round: the number of the round in the schedule.
  ///   - leaves: what each worker of this round computed, one a row, in the tree's order. Not changed.
  ///   - slots: `schedule.slotCount` rows. After the last round the first holds the total, in `elements`. Their content
  ///     before the first round does not matter.
  ///   - elements: the range to work on.
  public func apply(round: Int, leaves: Matrix, slots: Matrix, elements: Range<Int>) {
    let round = schedule.rounds[round]
    precondition(leaves.rows >= round.leaves.count, "\(leaves.rows) rows for \(round.leaves.count) leaves")
    precondition(slots.rows >= schedule.slotCount, "\(slots.rows) slots of \(schedule.slotCount)")
    precondition(
      elements.lowerBound >= 0 && elements.upperBound <= min(leaves.columns, slots.columns), "elements outside a row")
    var start = elements.lowerBound
    while start < elements.upperBound {
      let count = min(blockFloats, elements.upperBound - start)
      for operation in round.operations {
        let destination = address(operation.destination, start, leaves, slots)
        let left = address(operation.left, start, leaves, slots)
        if let right = operation.right {
          add(destination, left, address(right, start, leaves, slots), count: count)
        } else {
          destination.update(from: left, count: count)
        }
      }
      start += count
    }
  }

  @inline(__always)
  private func address(
    _ place: ReductionSchedule.Place, _ start: Int, _ leaves: Matrix, _ slots: Matrix
  ) -> UnsafeMutablePointer<Float> {
    switch place {
    case .leaf(let index): leaves.row(index).base + start
    case .slot(let index): slots.row(index).base + start
    case .scratch(let index): scratch.base + index * blockFloats
    }
  }
}
