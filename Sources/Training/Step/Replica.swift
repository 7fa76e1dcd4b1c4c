import Collectives
import Compute
import Datasets
import Optimization

/// A replica of a task's parameters and its optimiser, and the step that all ranks take together.
///
/// One thread takes the steps. The pool's threads read the parameters and write where their number says: their own
/// memory, their virtual worker's sums, their slice of an arena.
public final class Replica<Task: TrainingTask>: @unchecked Sendable {
  public let task: Task
  public let placement: VirtualWorkerPlacement
  public let parameters: AlignedBuffer<Float>
  /// The parameters as products in bfloat16 take them; empty in single precision.
  let rounded: AlignedBuffer<BFloat16>

  /// What the running step is doing.
  public let progress = StepProgress()

  private let configuration: RunConfiguration
  private let communicator: any Communicator
  let pool: WorkerPool
  private let memories: [Task.Memory]
  private let reduction: LayerReduction
  private let exchange: GradientExchange
  fileprivate let gradientNorm: SharedGradientNorm
  let optimizer: OptimizerShard
  private let schedule: LearningRateSchedule
  private let reports: StepReports
  /// What virtual workers tell one another before they work, where the task asks for it.
  private let surveys: StepReports
  private let order: BatchOrder
  /// Of the last round, of thread 0, which is the one that waits for the others.
  private var roundTimes = (forward: 0.0, backward: 0.0)
  /// Where spans of time go while steps are profiled: those of the steps, and those of each thread of the pool.
  private let stepRow: Trace.Row?
  private let threadRows: [Trace.Row]
  /// Looks at what each forward pass leaves, in debug mode.
  let probe: ForwardProbe?

  /// Takes all memory that training needs, and draws the first weights.
  ///
  /// - Parameters:
  ///   - debug: whether every step is looked at for `debugReport` and for where it ceases to be finite.
  ///   - profile: where it is to be recorded what the threads do; nil for nowhere.
  /// - Throws: on all ranks, where a thread cannot be started on one.
  public init(
    _ task: Task, placement: VirtualWorkerPlacement, order: BatchOrder, communicator: any Communicator,
    debug: Bool = false, profile: (trace: Trace, steps: Trace.Row)? = nil
  ) throws {
    let configuration = task.configuration.run
    let table = task.table
    self.task = task
    self.configuration = configuration
    self.placement = placement
    self.communicator = communicator
    self.order = order
    probe = debug ? ForwardProbe(imagesPerVirtualWorker: placement.imagesPerVirtualWorker) : nil
    stepRow = profile?.steps
    threadRows = profile.map { profile in (0..<placement.threads).map { profile.trace.row("thread \($0)") } } ?? []
    parameters = AlignedBuffer(repeating: 0, count: table.arenaCount)
    let isMixed = configuration.train.precision == .bf16
    rounded = AlignedBuffer(repeating: BFloat16(0), count: isMixed ? table.arenaCount : 0)
    pool = try communicator.together { try WorkerPool(count: placement.threads) }
    let buckets = GradientBuckets(table)
    let ownership = ArenaOwnership(
      buckets: buckets.ranges, isSharded: configuration.parallel.shardOptimizer, communicator: communicator)
    exchange = try communicator.together {
      try GradientExchange(
        communicator: communicator, wire: configuration.parallel.gradientWire,
        result: ownership.isSharded ? .ownedParts : .whole, row: profile?.trace.row("messages"))
    }
    reduction = LayerReduction(
      table: table, schedule: placement.reductionSchedule, threads: placement.threads, buckets: buckets,
      exchange: exchange, rows: threadRows)
    memories = task.memories(MemoryNeed(placement, keepsActivations: debug), gradient: reduction.gradient)
    gradientNorm = SharedGradientNorm(count: table.arenaCount, ownership: ownership, communicator: communicator)
    optimizer = OptimizerShard(
      configuration.train.optimizer(of: task.parameterGroups), averageDecay: task.averageDecay, ownership: ownership,
      communicator: communicator)
    schedule = configuration.train.schedule
    reports = StepReports(placement, sumCount: 1 + Task.metrics.count)
    surveys = StepReports(placement, sumCount: task.surveyCount)
    reset()
  }

  /// To be called by whoever writes to the parameters from outside.
  func roundParameters() {
    guard rounded.count > 0 else { return }
    pool.run(Rounding(replica: self))
  }

  /// The first weights, and an optimiser that has not begun.
  func reset() {
    task.table.initialize(parameters.all, seed: configuration.train.seed)
    resetOptimizer()
    roundParameters()
  }

  /// Lets the optimiser begin with the parameters as they are.
  func resetOptimizer() { optimizer.reset(parameters.all) }

  /// Runs pieces of work on all threads at once, and returns when all are done.
  func inParallel(_ count: Int, _ piece: @Sendable (Int) -> Void) {
    pool.run { thread in
      for index in stride(from: thread, to: count, by: placement.threads) { piece(index) }
    }
  }

  /// For tests: flips the lowest bit of the first parameter, as a fault of memory would.
  func flipParameterBit() {
    parameters.base[0] = Float(bitPattern: parameters.base[0].bitPattern ^ 1)
    roundParameters()
  }

  /// The gradient that the last step used: a sum over the images of the global batch. Where ranks divide the moments,
  /// only what this rank owns.
  public var gradient: Vector { reduction.gradient }

  /// One step of all ranks: forward and backward of every virtual worker, the sum of their gradients, and the update. Where
  /// loss or gradient is not finite, no rank updates anything.
  ///
  /// - Parameters:
  ///   - notice: what this rank has to tell the others; the result says what came of it.
  ///   - poisoned: for tests: one value of this rank's images is not a number.
  public func step(
    _ batch: borrowing Batch, notice: StepNotice = StepNotice(), poisoned: Bool = false
  ) throws -> StepResult {
    var times = StepTimes()
    times.data = batch.waitSeconds
    try survey(batch)
    for round in 0..<placement.rounds {
      let (forward, backward) = runVirtualWorkers(of: round, batch, poisoned: poisoned)
      times.forward += forward
      times.backward += backward
    }
    progress.enter(.allreduce)
    let waitStart = stepRow?.now
    times.allreduce = try exchange.finish().waitedSeconds
    stepRow?.add("wait for sums over ranks", since: waitStart)

    progress.enter(.optimizer)
    let start = ContinuousClock.now
    let scale = 1 / Double(configuration.train.batchSize)
    pool.run(SquareSums(replica: self))
    var result = StepResult(
      step: batch.step + 1, loss: 0, gradientNorm: try gradientNorm.value(scale: scale),
      learningRate: schedule.rate(at: Double(batch.step) / Double(order.stepsPerEpoch)), times: times)
    try agree(on: &result, batch, notice)
    if result.loss.isFinite, result.gradientNorm.isFinite {
      update(result, scale: scale)
      task.updateBuffers(of: parameters.all, memory: memories[0])
      result.times.optimizer = start.secondsSince
      result.times.allreduce += try gatherParameters()
    } else {
      result.nonFinite = nonFinite(result)
    }
    return result
  }

  /// Lets the images of the global batch know of one another, where the task asks for it.
  private func survey(_ batch: borrowing Batch) throws {
    guard task.surveyCount > 0 else { return }
    progress.enter(.forward)
    for round in 0..<placement.rounds { lend(batch) { pool.run(Survey(replica: self, batch: $0, number: round)) } }
    progress.enter(.allreduce)
    try surveys.exchange(ImageCounts(), StepNotice(), over: communicator)
    for memory in memories {
      task.take({ surveys.total($0) }, ofImages: configuration.train.batchSize, into: memory)
    }
  }

  /// What one thread does in a round of a survey.
  fileprivate func surveyVirtualWorker(of round: Int, thread: Int, _ batch: borrowing Batch) {
    let virtualWorker = round * placement.threads + thread
    guard virtualWorker < placement.block.count else { return }
    task.load(placement.images(ofVirtualWorker: virtualWorker), of: batch, into: memories[thread])
    task.survey(
      parameters: parameters.all, rounded: rounded.all, memory: memories[thread],
      sums: surveys.sums(ofVirtualWorker: virtualWorker))
  }

  /// Forward and backward of this rank's virtual workers of one round, one on each thread.
  private func runVirtualWorkers(
    of round: Int, _ batch: borrowing Batch, poisoned: Bool
  ) -> (forward: Double, backward: Double) {
    lend(batch) { pool.run(Round(replica: self, batch: $0, number: round, poisoned: poisoned)) }
    return roundTimes
  }

  /// What one thread does in a round: its virtual worker's part, or, where there is none for it, help with the sums.
  fileprivate func runVirtualWorker(of round: Int, thread: Int, _ batch: borrowing Batch, poisoned: Bool) {
    let virtualWorker = round * placement.threads + thread
    guard virtualWorker < placement.block.count else { return reduction.assist(thread: thread, round: round) }
    let memory = memories[thread]
    if thread == 0 { progress.enter(.forward) }
    let row = row(ofThread: thread)
    let loadStart = row?.now
    let start = ContinuousClock.now
    task.load(placement.images(ofVirtualWorker: virtualWorker), of: batch, into: memory)
    if poisoned { memory.images[0, 0] = .nan }
    row?.add("load images", since: loadStart, number: virtualWorker)
    let forwardStart = row?.now
    let sums = reports.sums(ofVirtualWorker: virtualWorker)
    sums[0] = task.forward(
      parameters: parameters.all, rounded: rounded.all, memory: memory, metrics: sums[1..<sums.count])
    probe?.look(at: memory, of: task, virtualWorker: virtualWorker)
    row?.add("forward", since: forwardStart, number: virtualWorker)
    let backwardStart = row?.now
    if thread == 0 { progress.enter(.backward) }
    let middle = ContinuousClock.now
    task.backward(
      parameters: parameters.all, rounded: rounded.all, memory: memory,
      receiver: reduction.receiver(thread: thread, round: round))
    row?.add("backward", since: backwardStart, number: virtualWorker)
    if thread == 0 { roundTimes = ((middle - start) / .seconds(1), middle.secondsSince) }
  }

  /// Nil while nothing is profiled.
  fileprivate func row(ofThread thread: Int) -> Trace.Row? { threadRows.isEmpty ? nil : threadRows[thread] }

  /// Tells all ranks what only one of them knows: its virtual workers' sums, its bad images, its notice.
  private func agree(on result: inout StepResult, _ batch: borrowing Batch, _ notice: StepNotice) throws {
    progress.enter(.allreduce)
    let start = stepRow?.now
    defer { stepRow?.add("agree with other ranks", since: start) }
    try reports.exchange(batch.imageCounts, notice, over: communicator)
    progress.enter(.optimizer)
    result.images = reports.imageCounts
    result.stopRequested = reports.stopRequested
    result.checkpointPartsWritten = reports.checkpointPartsWritten
    let images = Double(configuration.train.batchSize)
    result.loss = reports.total(0) / images
    result.metrics = Task.metrics.indices.map { reports.total(1 + $0) / images }
  }

  private func update(_ result: StepResult, scale: Double) {
    optimizer.measure(parameters: parameters.all, gradient: gradient, gradientScale: scale)
    pool.run(Update(replica: self, step: result.step, learningRate: result.learningRate, scale: scale))
  }

  /// - Returns: what it took, in seconds.
  private func gatherParameters() throws -> Double {
    progress.enter(.allreduce)
    let start = ContinuousClock.now
    try optimizer.gather(parameters.all)
    if optimizer.ownership.isSharded { roundParameters() }
    return start.secondsSince
  }

  private func nonFinite(_ result: StepResult) -> NonFiniteStep {
    let (images, losses) = (placement.imagesPerVirtualWorker, reports.losses)
    let samples = losses.indices.filter { !losses[$0].isFinite }.flatMap { worker in
      (worker * images..<(worker + 1) * images).map { order.sample(step: result.step - 1, index: $0) }
    }
    let origin = probe.map { probe in
      let tensor = probe.firstNonFinite
      return NonFiniteOrigin(
        tensor: tensor?.name ?? nonFiniteGradient.map { "the gradient of \($0)" } ?? "the loss",
        image: tensor.map { .init(index: $0.image, sample: order.sample(step: result.step - 1, index: $0.image)) },
        parameter: nonFiniteParameter)
    }
    return NonFiniteStep(
      step: result.step, loss: result.loss, gradientNorm: result.gradientNorm, samples: samples, origin: origin)
  }
}

extension ContinuousClock.Instant {
  /// Seconds from this moment to now.
  var secondsSince: Double { (ContinuousClock.now - self) / .seconds(1) }
}

// MARK: - What the threads do together in every step

/// Rounds the parameters, a slice on each thread.
private struct Rounding<Task: TrainingTask>: PoolWork {
  let replica: Replica<Task>

  func run(worker thread: Int) {
    let part = slice(of: replica.rounded.count, for: thread, among: replica.placement.threads)
    convert(output: replica.rounded.all[part], input: replica.parameters.all[part])
  }
}

/// A survey of one round's virtual workers, one on each thread.
private struct Survey<Task: TrainingTask>: PoolWork {
  let replica: Replica<Task>
  let batch: Lent<Batch>
  let number: Int

  func run(worker thread: Int) {
    batch.with { replica.surveyVirtualWorker(of: number, thread: thread, $0) }
  }
}

/// Forward and backward of one round's virtual workers, one on each thread.
private struct Round<Task: TrainingTask>: PoolWork {
  let replica: Replica<Task>
  let batch: Lent<Batch>
  let number: Int
  let poisoned: Bool

  func run(worker thread: Int) {
    batch.with { replica.runVirtualWorker(of: number, thread: thread, $0, poisoned: poisoned) }
  }
}

/// Sums the gradient's squares, some pieces on each thread.
private struct SquareSums<Task: TrainingTask>: PoolWork {
  let replica: Replica<Task>

  func run(worker thread: Int) {
    let row = replica.row(ofThread: thread)
    let start = row?.now
    replica.gradientNorm.sumPieces(of: replica.gradient, thread: thread, threads: replica.placement.threads)
    row?.add("norm of the gradient", since: start)
  }
}

/// Updates the parameters, a slice on each thread, and rounds them while they are in the cache.
private struct Update<Task: TrainingTask>: PoolWork {
  let replica: Replica<Task>
  let step: Int
  let learningRate: Double
  let scale: Double

  func run(worker thread: Int) {
    let (parameters, rounded) = (replica.parameters.all, replica.rounded.all)
    let row = replica.row(ofThread: thread)
    let start = row?.now
    replica.optimizer.update(
      parameters: parameters, gradient: replica.gradient, thread: thread, threads: replica.placement.threads,
      step: step, learningRate: learningRate, gradientScale: scale,
      updated: { if rounded.count > 0 { convert(output: rounded[$0], input: parameters[$0]) } })
    row?.add("update parameters", since: start)
  }
}
