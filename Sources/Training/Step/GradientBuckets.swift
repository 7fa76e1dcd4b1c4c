import Collectives
import Parameters

/// Runs of neighbouring groups that cross the network together: large enough that latency does not count, the first one
/// in the order of backward as soon as may be. Fixed by the table alone, so every rank sends the same.
///
/// A bucket begins at a multiple of `ownershipAlignment`, so that the ranks can divide it; the floats before that cross
/// with the next one.
public struct GradientBuckets: Sendable {
  /// Floats that a bucket has at least; the first one, an eighth of them.
  public static let floatCount = 25 << 18  // 25 MiB, as PyTorch's DDP found good (Li et al. 2020, §5.3)
  /// In the order in which they cross.
  public private(set) var ranges: [Range<Int>] = []
  private var completed: [Int: Range<Int>] = [:]

  public init(_ table: ParameterTable) {
    var end = table.arenaCount
    for (index, group) in table.groups.enumerated().reversed() {
      let begin = (group.range.lowerBound + ownershipAlignment - 1) / ownershipAlignment * ownershipAlignment
      if end - begin >= (ranges.isEmpty ? Self.floatCount / 8 : Self.floatCount) || index == 0 {
        ranges.append(begin..<end)
        completed[index] = begin..<end
        end = begin
      }
    }
  }

  /// The floats that are ready to cross when `group` is, if it is the last of its bucket.
  public func completed(by group: Int) -> Range<Int>? { completed[group] }
}
