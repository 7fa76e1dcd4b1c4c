import Collectives
import Compute

/// Which virtual workers run where: the only thing that knows both the recipe and the machine.
///
/// Rank r of p owns the contiguous block [r·V/p, (r + 1)·V/p) of the V virtual workers and runs it in rounds of as many
/// as it has threads.
public struct VirtualWorkerPlacement: Sendable {
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

  /// The images of a virtual worker (both counted within this rank).
  func images(ofVirtualWorker virtualWorker: Int) -> Range<Int> {
    virtualWorker * imagesPerVirtualWorker..<(virtualWorker + 1) * imagesPerVirtualWorker
  }

  public var rounds: Int { (block.count + threads - 1) / threads }

  /// How gradients meet within this rank.
  var reductionSchedule: ReductionSchedule {
    ReductionSchedule(tree: ReductionTree(leafCount: block.count), leavesPerRound: threads)
  }

  /// The ranks that divide a gradient in the exchange: the largest power of two of them.
  public var sharingRanks: Int { 1 << (Int.bitWidth - 1 - ranks.leadingZeroBitCount) }

  /// Whether another number of ranks would end in the same bits.
  public var hasEqualBits: Bool { tree.supportsEqualBits(ranks: ranks) }
}

extension VirtualWorkerPlacement {
  /// For the ranks of `communicator` and the cores of this host. All ranks call it.
  public init(_ configuration: RunConfiguration, on communicator: any Communicator) throws {
    let virtualWorkers = configuration.virtualWorkers
    guard communicator.size <= virtualWorkers else {
      throw TrainingError.moreRanksThanVirtualWorkers(ranks: communicator.size, virtualWorkers: virtualWorkers)
    }
    // By all ranks, also by those that were told their threads: it is an exchange.
    let share = try shareOfCores(communicator)
    self.init(
      virtualWorkers: virtualWorkers, imagesPerVirtualWorker: configuration.imagesPerVirtualWorker,
      rank: communicator.rank, ranks: communicator.size, threads: configuration.parallel.threads ?? share)
  }
}

/// This rank's share of the cores that it may run on: a core that k ranks of the host may run on counts 1/k for each.
public func shareOfCores(_ communicator: any Communicator) throws -> Int {
  let mine = availableCores()
  let all = try communicator.allgather(mine.map(Double.init))
  let share = mine.reduce(0.0) { share, core in
    let sharers = communicator.ranksOnThisHost.filter { all[$0].contains(Double(core)) }
    return share + 1 / Double(sharers.count)
  }
  // Thirds do not add up to one exactly.
  return max(1, Int((share + 1e-6).rounded(.down)))
}
