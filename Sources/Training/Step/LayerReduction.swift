import Collectives
import Compute
import MaskedAutoencoder

/// Sums the gradient of each layer group over this rank's workers as soon as all have it, and hands it to the exchange
/// between ranks while backward goes on.
///
/// Ordering: a worker writes group g into one of its two layer buffers and comes to the barrier. Behind it every
/// worker sums its slice of the elements over all workers' buffers, in the tree's order, into the slots. It then
/// writes group g − 1 into its other buffer; a buffer is written again only after the next barrier, which all reach
/// when they are done reading it. At that barrier group g is complete, and worker 0 submits it.
final class LayerReduction: Sendable {
  private let table: ParameterTable
  private let plan: ReductionPlan
  private let executors: [ReductionExecutor]
  private let buckets: GradientBuckets
  private let exchange: GradientExchange
  private let barrier: WorkerBarrier
  private let workers: Int
  private let layers: AlignedBuffer<Float>
  private let slots: AlignedBuffer<Float>

  init(table: ParameterTable, plan: ReductionPlan, workers: Int, exchange: GradientExchange) {
    self.table = table
    self.plan = plan
    self.workers = workers
    self.exchange = exchange
    executors = (0..<workers).map { _ in ReductionExecutor(plan: plan) }
    buckets = GradientBuckets(table)
    barrier = WorkerBarrier(count: workers)
    layers = AlignedBuffer(count: Self.layerFloats(table, workers: workers), zero: 0)
    slots = AlignedBuffer(count: Self.slotFloats(table, plan), zero: 0)
  }

  /// The floats of the workers' layer buffers.
  static func layerFloats(_ table: ParameterTable, workers: Int) -> Int { 2 * workers * table.largestGroupCount }

  /// The floats of the gradient's slots.
  static func slotFloats(_ table: ParameterTable, _ plan: ReductionPlan) -> Int { plan.slotCount * table.arenaCount }

  /// The gradient of the whole batch, after the last round and the exchange: a sum over images.
  var gradient: Vector { slot(0) }

  /// Where `worker` puts the gradients of its virtual worker of `round`.
  func receiver(worker: Int, round: Int) -> WorkerReceiver {
    WorkerReceiver(reduction: self, worker: worker, round: round)
  }

  /// Takes part in a round that has no virtual worker for `worker`: the last one may have fewer than there are threads.
  func assist(worker: Int, round: Int) {
    for group in table.groups.indices.reversed() { finished(group: group, worker: worker, round: round) }
  }

  /// After all workers are done with `round`: what the last barrier would have handed over.
  func finish(round: Int) {
    if isLast(round) { submit(0) }
  }

  func memory(for group: Int, worker: Int) -> Vector {
    let start = (2 * worker + group % 2) * table.largestGroupCount
    return layers.all[start..<start + table.groups[group].range.count]
  }

  func finished(group: Int, worker: Int, round: Int) {
    barrier.wait()
    if worker == 0, isLast(round), group + 1 < table.groups.count { submit(group + 1) }
    let range = table.groups[group].range
    executors[worker].apply(
      round: round,
      leaves: (0..<plan.rounds[round].leaves.count).map { memory(for: group, worker: $0) },
      slots: (0..<plan.slotCount).map { slot($0)[range] },
      elements: slice(of: range.count, for: worker, among: workers))
  }

  private func isLast(_ round: Int) -> Bool { round == plan.rounds.count - 1 }

  private func slot(_ index: Int) -> Vector {
    slots.all[index * table.arenaCount..<(index + 1) * table.arenaCount]
  }

  private func submit(_ group: Int) {
    if let bucket = buckets.completed(by: group) { exchange.submit(gradient[bucket]) }
  }
}

/// One worker's side of `LayerReduction`.
struct WorkerReceiver: GradientReceiver {
  let reduction: LayerReduction
  let worker: Int
  let round: Int

  func memory(for group: Int) -> Vector { reduction.memory(for: group, worker: worker) }
  func finished(group: Int) { reduction.finished(group: group, worker: worker, round: round) }
}
