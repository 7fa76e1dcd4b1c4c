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
/// checkpoint is written, and what their virtual workers summed up over their images: the loss, and the task's metrics.
/// The memory is taken once.
///
/// Ordering: each thread writes the sums of its own virtual worker; `exchange` comes when all have.
struct StepReports: ~Copyable, Sendable {
  private let placement: VirtualWorkerPlacement
  /// Sums of a virtual worker: of the loss, then of each metric.
  private let sumCount: Int
  /// Numbers of one rank: bad images, 1 where it was asked to stop, 1 where its part is written, images that were good the
  /// second time, images that ask for a turn, and the sums of each virtual worker that a rank can have.
  private let length: Int
  private static let sumsBegin = 5
  private let mine: AlignedBuffer<Double>
  /// Those of every rank, one after another.
  private let all: AlignedBuffer<Double>
  /// A row for each sum, with those of all virtual workers.
  private let sumsInOrder: AlignedBuffer<Double>

  init(_ placement: VirtualWorkerPlacement, sumCount: Int) {
    self.placement = placement
    let virtualWorkers = placement.tree.leafCount
    self.sumCount = sumCount
    length = Self.sumsBegin + sumCount * ((virtualWorkers + placement.ranks - 1) / placement.ranks)
    mine = AlignedBuffer(repeating: 0, count: length)
    all = AlignedBuffer(repeating: 0, count: placement.ranks * length)
    sumsInOrder = AlignedBuffer(repeating: 0, count: sumCount * virtualWorkers)
  }

  /// Where the sums of a virtual worker go, the loss's first.
  ///
  /// - Parameter virtualWorker: counted within this rank.
  func sums(ofVirtualWorker virtualWorker: Int) -> VectorView<Double> {
    let begin = Self.sumsBegin + virtualWorker * sumCount
    return mine.all[begin..<begin + sumCount]
  }

  /// Afterwards every rank knows what each recorded.
  func exchange(_ counts: ImageCounts, _ notice: StepNotice, over communicator: any Communicator) throws {
    mine.all[0] = Double(counts.bad)
    mine.all[1] = notice.stopRequested ? 1 : 0
    mine.all[2] = notice.checkpointPartWritten ? 1 : 0
    mine.all[3] = Double(counts.goodTheSecondTime)
    mine.all[4] = Double(counts.askingForTurn)
    try communicator.allgather(mine.all, into: all.all)
    let virtualWorkers = placement.tree.leafCount
    for rank in 0..<placement.ranks {
      for (index, virtualWorker) in placement.tree.leaves(ofRank: rank, ranks: placement.ranks).enumerated() {
        let begin = rank * length + Self.sumsBegin + index * sumCount
        for sum in 0..<sumCount { sumsInOrder.all[sum * virtualWorkers + virtualWorker] = all.all[begin + sum] }
      }
    }
  }

  /// Over all ranks.
  var imageCounts: ImageCounts {
    func total(_ place: Int) -> Int { Int((0..<placement.ranks).reduce(0.0) { $0 + all.all[$1 * length + place] }) }
    return ImageCounts(bad: total(0), goodTheSecondTime: total(3), askingForTurn: total(4))
  }

  /// Whether any rank was asked to stop.
  var stopRequested: Bool {
    (0..<placement.ranks).contains { all.all[$0 * length + 1] != 0 }
  }

  /// Whether every rank's part of a checkpoint is written.
  var checkpointPartsWritten: Bool {
    (0..<placement.ranks).allSatisfy { all.all[$0 * length + 2] != 0 }
  }

  /// The loss of every virtual worker of all ranks.
  var losses: UnsafeBufferPointer<Double> { values(ofSum: 0) }

  /// A sum over all images, through the tree over virtual workers: the loss (0), or a metric (1…).
  func total(_ sum: Int) -> Double { placement.tree.sum(of: values(ofSum: sum)) }

  private func values(ofSum sum: Int) -> UnsafeBufferPointer<Double> {
    let virtualWorkers = placement.tree.leafCount
    return UnsafeBufferPointer(start: sumsInOrder.base + sum * virtualWorkers, count: virtualWorkers)
  }
}
