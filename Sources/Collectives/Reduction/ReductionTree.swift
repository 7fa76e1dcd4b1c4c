/// The fixed binary tree over the virtual workers of a recipe. All that is summed over virtual workers (gradients,
/// losses) goes through it, so that no bit depends on how many threads and ranks there are.
///
/// A node over `n` leaves, top down:
/// - `n` even: two nodes over `n/2` leaves each;
/// - `n` odd and above 1: the left one over the largest power of two below `n`, the right one over the rest.
///
/// So with `n = 2^a · m`, `m` odd, each of `p = 2^k ≤ 2^a` ranks owns the `n/p` leaves of a whole subtree, which is
/// this same tree over `n/p` leaves, and what joins the ranks is the balanced tree of `Communicator.allreduceSum`.
/// The depth is ⌈log2 n⌉.
public struct ReductionTree: Equatable, Sendable {
  public let leafCount: Int

  /// - Parameter leafCount: the number of virtual workers; at least 1.
  public init(leafCount: Int) {
    precondition(leafCount > 0, "a sum over nothing")
    self.leafCount = leafCount
  }

  /// Whether this many ranks end in the same bits as one rank: for the powers of two that divide the leaf count.
  public func supportsEqualBits(ranks: Int) -> Bool {
    ranks > 0 && ranks.nonzeroBitCount == 1 && leafCount % ranks == 0
  }

  /// The contiguous leaves that a rank owns. Blocks differ by at most one leaf where `ranks` does not divide the
  /// leaf count; a rank's own tree is then `ReductionTree(leafCount: block.count)`.
  public func leaves(ofRank rank: Int, ranks: Int) -> Range<Int> {
    precondition(ranks > 0 && ranks <= leafCount, "\(ranks) ranks for \(leafCount) leaves")
    precondition((0..<ranks).contains(rank), "rank \(rank) of \(ranks) ranks")
    return rank * leafCount / ranks..<(rank + 1) * leafCount / ranks
  }

  /// The sum of one number per leaf, through the tree; for the loss, say, with the values of all ranks gathered.
  public func sum(of values: UnsafeBufferPointer<Double>) -> Double {
    precondition(values.count == leafCount, "\(values.count) values for \(leafCount) leaves")
    func sum(_ leaves: Range<Int>) -> Double {
      guard leaves.count > 1 else { return values[leaves.lowerBound] }
      let middle = leaves.lowerBound + Self.leftCount(of: leaves.count)
      return sum(leaves.lowerBound..<middle) + sum(middle..<leaves.upperBound)
    }
    return sum(0..<leafCount)
  }

  /// How many leaves the left child of a node over `count > 1` leaves has.
  static func leftCount(of count: Int) -> Int {
    if count.isMultiple(of: 2) {
      return count / 2
    }
    return 1 << (Int.bitWidth - 1 - count.leadingZeroBitCount)
  }

  /// For each leaf in order, how many nodes are complete when that leaf has come: so many times the two newest partial
  /// sums are joined.
  var joinsAfterLeaf: [Int] {
    var joins = [Int](repeating: 0, count: leafCount)
    func visit(_ leaves: Range<Int>) {
      guard leaves.count > 1 else { return }
      let middle = leaves.lowerBound + Self.leftCount(of: leaves.count)
      visit(leaves.lowerBound..<middle)
      visit(middle..<leaves.upperBound)
      joins[leaves.upperBound - 1] += 1
    }
    visit(0..<leafCount)
    return joins
  }
}
