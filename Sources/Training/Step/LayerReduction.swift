import Collectives
import Compute
import Parameters
import Synchronization

/// Sums the gradient of each layer group over this rank's threads as soon as all have it, and hands it to the exchange
/// between ranks while backward goes on.
///
/// Ordering: a thread writes group g into one of its two layer buffers and comes to the barrier. Behind it every
/// thread sums its slice of the elements over all threads' buffers, in the tree's order, into the slots; the last one
/// that is done submits the group. It then writes group g − 1 into its other buffer; a buffer is written again only
/// after the next barrier, which all reach when they are done reading it, and group g is submitted.
final class LayerReduction: Sendable {
  private let table: ParameterTable
  private let schedule: ReductionSchedule
  private let executors: [ReductionExecutor]
  private let buckets: GradientBuckets
  private let exchange: GradientExchange
  private let barrier: WorkerBarrier
  private let threads: Int
  /// Threads that have summed their slice of the running group.
  private let doneCount = Atomic(0)
  /// The floats of one thread's memory for a group.
  private let groupCapacity: Int
  private let layers: AlignedBuffer<Float>
  private let slots: AlignedBuffer<Float>
  /// Of each thread, for profiling; empty while nothing is profiled.
  private let rows: [Trace.Row]

  init(
    table: ParameterTable, schedule: ReductionSchedule, threads: Int, buckets: GradientBuckets,
    exchange: GradientExchange, rows: [Trace.Row] = []
  ) {
    self.table = table
    self.schedule = schedule
    self.threads = threads
    groupCapacity = table.largestGroupCount
    self.exchange = exchange
    self.rows = rows
    executors = (0..<threads).map { _ in ReductionExecutor(schedule: schedule) }
    self.buckets = buckets
    barrier = WorkerBarrier(count: threads)
    layers = AlignedBuffer(repeating: 0, count: Self.layerFloats(table, threads: threads))
    slots = AlignedBuffer(repeating: 0, count: Self.slotFloats(table, schedule))
  }

  /// The floats of the threads' layer buffers.
  static func layerFloats(_ table: ParameterTable, threads: Int) -> Int { 2 * threads * table.largestGroupCount }

  /// The floats of the gradient's slots.
  static func slotFloats(_ table: ParameterTable, _ schedule: ReductionSchedule) -> Int {
    schedule.slotCount * table.arenaCount
  }

  /// The gradient of the whole batch, after the last round and the exchange: a sum over images. Where ranks divide it,
  /// only what this rank owns.
  var gradient: Vector { sums.row(0) }

  /// Where `thread` puts the gradients of its virtual worker of `round`.
  func receiver(thread: Int, round: Int) -> ThreadReceiver {
    ThreadReceiver(reduction: self, thread: thread, round: round)
  }

  /// Takes part in a round that has no virtual worker for `thread`: the last one may have fewer than there are threads.
  func assist(thread: Int, round: Int) {
    for group in table.groups.indices.reversed() { finished(group: group, thread: thread, round: round) }
  }

  /// Every thread's memory for `group`, one a row.
  func memory(for group: Int) -> Matrix {
    MatrixView(
      base: layers.base + group % 2 * groupCapacity, rows: threads, columns: table.groups[group].range.count,
      stride: 2 * groupCapacity)
  }

  func finished(group: Int, thread: Int, round: Int) {
    let row = rows.isEmpty ? nil : rows[thread]
    let waitStart = row?.now
    barrier.wait()
    row?.add("wait for other threads", since: waitStart)
    let sumStart = row?.now
    defer { row?.add("sum a layer's gradient", since: sumStart, number: group) }
    let range = table.groups[group].range
    executors[thread].apply(
      round: round, leaves: memory(for: group), slots: sums.columns(range),
      elements: slice(of: range.count, for: thread, among: threads))
    if doneCount.add(1, ordering: .acquiringAndReleasing).newValue == threads {
      doneCount.store(0, ordering: .relaxed)
      if isLast(round), let bucket = buckets.completed(by: group) { exchange.submit(gradient[bucket]) }
    }
  }

  private func isLast(_ round: Int) -> Bool { round == schedule.rounds.count - 1 }

  /// The slots, one a row.
  private var sums: Matrix { slots.all.reshaped(rows: schedule.slotCount, columns: table.arenaCount) }
}

/// One thread's side of `LayerReduction`.
struct ThreadReceiver: GradientReceiver {
  let reduction: LayerReduction
  let thread: Int
  let round: Int

  func memory(for group: Int) -> Vector { reduction.memory(for: group).row(thread) }
  func finished(group: Int) { reduction.finished(group: group, thread: thread, round: round) }
}
