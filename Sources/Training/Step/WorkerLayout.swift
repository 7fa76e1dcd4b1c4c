import Collectives

/// Which virtual workers run where: the only thing that knows both the recipe and the machine.
///
/// Rank r of p owns the contiguous block [r·V/p, (r + 1)·V/p) of the V virtual workers and runs it in rounds of as many
/// as it has threads.
public struct WorkerLayout: Sendable {
  public let tree: ReductionTree
  public let rank: Int
  public let ranks: Int
  /// The virtual workers of this rank.
  public let block: Range<Int>
  /// Threads that have work: never more than the block has virtual workers.
  public let threads: Int
  public let imagesPerVirtualWorker: Int

  /// - Precondition: there are at least as many virtual workers as ranks.
  public init(virtualWorkers: Int, imagesPerVirtualWorker: Int, rank: Int, ranks: Int, threads: Int) {
    tree = ReductionTree(leafCount: virtualWorkers)
    self.rank = rank
    self.ranks = ranks
    self.imagesPerVirtualWorker = imagesPerVirtualWorker
    block = tree.leaves(ofRank: rank, ranks: ranks)
    self.threads = min(threads, block.count)
  }

  /// The part of the global batch that this rank works on.
  public var images: Range<Int> {
    block.lowerBound * imagesPerVirtualWorker..<block.upperBound * imagesPerVirtualWorker
  }

  public var rounds: Int { (block.count + threads - 1) / threads }

  /// How gradients meet within this rank.
  var plan: ReductionPlan {
    ReductionPlan(tree: ReductionTree(leafCount: block.count), leavesPerRound: threads)
  }

  /// The ranks that divide a gradient in the exchange: the largest power of two of them.
  public var sharingRanks: Int { 1 << (Int.bitWidth - 1 - ranks.leadingZeroBitCount) }

  /// Whether another number of ranks would end in the same bits.
  public var hasEqualBits: Bool { tree.supportsEqualBits(ranks: ranks) }
}
