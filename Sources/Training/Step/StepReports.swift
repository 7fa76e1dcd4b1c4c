import Collectives
import Compute

/// What a rank has to tell the others at the end of a step, beside what comes of the step itself.
public struct StepNotice: Sendable {
  /// Whether this rank was asked to stop.
  public var stopRequested = false
  /// Whether this rank has written its part of a checkpoint that is not yet committed.
  public var checkpointPartWritten = false

  public init() {}
}

/// What the ranks tell one another at the end of every step: their bad images, requests to stop, whether their part of a
/// checkpoint is written, and the losses of their virtual workers. The memory is taken once.
///
/// Ordering: each worker writes the loss of its own virtual worker; `exchange` comes when all have.
struct StepReports: ~Copyable, Sendable {
  private let placement: VirtualWorkerPlacement
  /// Numbers of one rank: bad images, 1 where it was asked to stop, 1 where its part is written, and a loss for each
  /// virtual worker that a rank can have.
  private let length: Int
  private static let lossesBegin = 3
  private let mine: AlignedBuffer<Double>
  /// Those of every rank, one after another.
  private let all: AlignedBuffer<Double>
  private let lossesInOrder: AlignedBuffer<Double>

  init(_ placement: VirtualWorkerPlacement) {
    self.placement = placement
    let virtualWorkers = placement.tree.leafCount
    length = Self.lossesBegin + (virtualWorkers + placement.ranks - 1) / placement.ranks
    mine = AlignedBuffer(repeating: 0, count: length)
    all = AlignedBuffer(repeating: 0, count: placement.ranks * length)
    lossesInOrder = AlignedBuffer(repeating: 0, count: virtualWorkers)
  }

  /// - Parameter virtualWorker: counted within this rank.
  func record(loss: Double, ofVirtualWorker virtualWorker: Int) {
    mine.all[Self.lossesBegin + virtualWorker] = loss
  }

  /// Afterwards every rank knows what each recorded.
  func exchange(badSampleCount: Int, _ notice: StepNotice, over communicator: any Communicator) throws {
    mine.all[0] = Double(badSampleCount)
    mine.all[1] = notice.stopRequested ? 1 : 0
    mine.all[2] = notice.checkpointPartWritten ? 1 : 0
    try communicator.allgather(mine.all, into: all.all)
    for rank in 0..<placement.ranks {
      for (index, virtualWorker) in placement.tree.leaves(ofRank: rank, ranks: placement.ranks).enumerated() {
        lossesInOrder.all[virtualWorker] = all.all[rank * length + Self.lossesBegin + index]
      }
    }
  }

  /// Over all ranks.
  var badSampleCount: Int {
    Int((0..<placement.ranks).reduce(0.0) { $0 + all.all[$1 * length] })
  }

  /// Whether any rank was asked to stop.
  var stopRequested: Bool {
    (0..<placement.ranks).contains { all.all[$0 * length + 1] != 0 }
  }

  /// Whether every rank's part of a checkpoint is written.
  var checkpointPartsWritten: Bool {
    (0..<placement.ranks).allSatisfy { all.all[$0 * length + 2] != 0 }
  }

  /// Of every virtual worker of all ranks.
  var losses: UnsafeBufferPointer<Double> {
    UnsafeBufferPointer(start: lossesInOrder.base, count: lossesInOrder.count)
  }
}
