import Collectives
import Compute
import Optimization

/// The norm of the gradient of which each rank has the floats that it owns. The memory is taken once.
///
/// Each rank sums its pieces and tells the sums to the others, so that all come to the same bits.
struct SharedGradientNorm: ~Copyable, Sendable {
  private let ownership: ArenaOwnership
  private let communicator: any Communicator
  private let norm: GradientNorm
  /// Sums of one rank's pieces, as many as any rank has; none where every rank owns all.
  private let mine: AlignedBuffer<Double>
  /// Those of every rank, one after another.
  private let all: AlignedBuffer<Double>

  /// - Parameter count: floats of the gradient.
  init(count: Int, ownership: ArenaOwnership, communicator: any Communicator) {
    norm = GradientNorm(count: count)
    var most = 0
    if ownership.isSharded {
      for ranges in ownership.all { most = max(most, norm.pieceCount(in: ranges)) }
    }
    mine = AlignedBuffer(repeating: 0, count: most)
    all = AlignedBuffer(repeating: 0, count: most * communicator.size)
    self.ownership = ownership
    self.communicator = communicator
  }

  /// Sums the squares of one thread's pieces of what this rank owns. To be called by all threads of a pool, at the same time.
  func sumPieces(of gradient: Vector, thread: Int, threads: Int) {
    for part in ownership.mine { norm.sumPieces(of: gradient, in: part, worker: thread, workers: threads) }
  }

  /// The norm of the gradient whose pieces were summed, times `scale`. All ranks call it.
  func value(scale: Double) throws -> Double {
    if ownership.isSharded {
      norm.writeSums(to: mine.all, in: ownership.mine)
      try communicator.allgather(mine.all, into: all.all)
      for (rank, parts) in ownership.all.enumerated() {
        norm.readSums(from: all.all[rank * mine.count..<(rank + 1) * mine.count], in: parts)
      }
    }
    return norm.value(scale: scale)
  }
}
