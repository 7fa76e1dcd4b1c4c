import Collectives
import Compute
import Datasets
import MaskedAutoencoder
import Optimization

/// What one step came to. Everything but the times is the same on every rank.
public struct StepResult: Sendable {
  /// Steps done, this one included.
  public var step: Int
  public var loss: Double
  public var gradientNorm: Double
  public var learningRate: Double
  public var times = StepTimes()
  /// Images that did not decode and were replaced, over all ranks.
  public var badSampleCount = 0
  /// Whether a rank was asked to stop.
  public var stopRequested = false
  /// Whether all ranks have written their parts of a checkpoint, which then is to be committed.
  public var checkpointPartsWritten = false
  /// Why nothing was updated; nil where loss and gradient are finite.
  public var nonFinite: NonFiniteStep?
}

/// Where a step's seconds went, on this rank's first worker.
public struct StepTimes: Sendable {
  public var data = 0.0
  public var forward = 0.0
  public var backward = 0.0
  /// Waiting for other ranks: communication that backward did not hide.
  public var allreduce = 0.0
  public var optimizer = 0.0
}

/// A replica of the model and its optimiser, and the step that all ranks take together.
///
/// One thread takes the steps. The pool's workers read the parameters and write where their number says: their own
/// workspace, their virtual worker's loss, their slice of an arena.
public final class Replica: @unchecked Sendable {
  public let configuration: RunConfiguration
  public let model: MaskedAutoencoder
  public let placement: VirtualWorkerPlacement
  public let parameters: AlignedBuffer<Float>
  /// The parameters as products in bfloat16 take them; empty in single precision.
  private let rounded: AlignedBuffer<BFloat16>

  /// What the running step is doing.
  public let progress = StepProgress()

  private let communicator: any Communicator
  private let pool: WorkerPool
  private let workspaces: [Workspace]
  private let reduction: LayerReduction
  private let exchange: GradientExchange
  private let gradientNorm: SharedGradientNorm
  let optimizer: OptimizerShard
  private let schedule: LearningRateSchedule
  private let normalization: Normalization
  private let reports: StepReports
  private let order: BatchOrder
  /// Looks at what each forward pass leaves, in debug mode.
  let probe: ForwardProbe?

  /// Takes all memory that training needs, and draws the first weights.
  ///
  /// - Parameters:
  ///   - positions: where training goes on from weights that have their own; nil for the sine-cosine ones.
  ///   - debug: whether every step is looked at for `debugReport` and for where it ceases to be finite.
  public init(
    _ configuration: RunConfiguration, placement: VirtualWorkerPlacement, order: BatchOrder,
    communicator: any Communicator,
    positions: PositionTables? = nil, debug: Bool = false
  ) {
    self.configuration = configuration
    self.placement = placement
    self.communicator = communicator
    self.order = order
    probe = debug ? ForwardProbe(imagesPerVirtualWorker: placement.imagesPerVirtualWorker) : nil
    let model = MaskedAutoencoder(configuration.model, positions: positions)
    let table = model.table
    self.model = model
    parameters = AlignedBuffer(repeating: 0, count: table.arenaCount)
    let precision = configuration.train.precision
    rounded = AlignedBuffer(repeating: BFloat16(0), count: precision == .bf16 ? table.arenaCount : 0)
    pool = WorkerPool(count: placement.threads)
    let buckets = GradientBuckets(table)
    let ownership = ArenaOwnership(
      buckets: buckets.ranges, isSharded: configuration.parallel.shardOptimizer, communicator: communicator)
    exchange = GradientExchange(
      communicator: communicator, wire: configuration.parallel.gradientWire,
      result: ownership.isSharded ? .ownedParts : .whole)
    reduction = LayerReduction(
      table: table, schedule: placement.reductionSchedule, workers: placement.threads, buckets: buckets,
      exchange: exchange)
    let workspaceMemory = WorkspaceMemory(configuration, placement: placement, debug: debug)
    workspaces = (0..<placement.threads).map { [reduction] worker in
      Workspace(workspaceMemory, thread: worker, gradient: reduction.gradient)
    }
    gradientNorm = SharedGradientNorm(count: table.arenaCount, ownership: ownership, communicator: communicator)
    let adamW = AdamW(
      configuration.train.optimizer,
      runs: table.specs.map { DecayRun(range: $0.range, isDecayed: $0.isDecayed) })
    optimizer = OptimizerShard(adamW, ownership: ownership, communicator: communicator)
    schedule = configuration.train.schedule
    normalization = configuration.data.normalization
    reports = StepReports(placement)
    table.initialize(parameters.all, seed: configuration.train.seed)
    roundParameters()
  }

  /// To be called by whoever writes to the parameters from outside.
  func roundParameters() {
    guard rounded.count > 0 else { return }
    pool.run { worker in
      let part = slice(of: rounded.count, for: worker, among: placement.threads)
      convert(output: rounded.all[part], input: parameters.all[part])
    }
  }

  /// Back to the first weights and moments of zero.
  func reset() {
    model.table.initialize(parameters.all, seed: configuration.train.seed)
    optimizer.reset()
    roundParameters()
  }

  /// Runs pieces of work on all workers at once, and returns when all are done.
  func inParallel(_ count: Int, _ piece: @Sendable (Int) -> Void) {
    pool.run { worker in
      for index in stride(from: worker, to: count, by: placement.threads) { piece(index) }
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

  /// One step of all ranks: forward and backward of every virtual worker, the sum of their gradients, and AdamW. Where
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
    for round in 0..<placement.rounds {
      let (forward, backward) = runVirtualWorkers(of: round, batch, poisoned: poisoned)
      times.forward += forward
      times.backward += backward
    }
    progress.enter(.allreduce)
    times.allreduce = try exchange.finish().waitedSeconds

    progress.enter(.optimizer)
    let start = ContinuousClock.now
    let scale = 1 / Double(configuration.train.batchSize)
    var result = StepResult(
      step: batch.step + 1, loss: 0,
      gradientNorm: try gradientNorm.value(of: gradient, scale: scale, on: pool, workers: placement.threads),
      learningRate: schedule.rate(at: Double(batch.step) / Double(order.stepsPerEpoch)), times: times)
    try agree(on: &result, batch, notice)
    if result.loss.isFinite, result.gradientNorm.isFinite {
      update(result, scale: scale)
      result.times.optimizer = start.secondsSince
      result.times.allreduce += try gatherParameters()
    } else {
      result.nonFinite = nonFinite(result)
    }
    return result
  }

  /// Forward and backward of this rank's virtual workers of one round, one on each thread.
  private func runVirtualWorkers(
    of round: Int, _ batch: borrowing Batch, poisoned: Bool
  ) -> (forward: Double, backward: Double) {
    let first = round * placement.threads
    let count = min(placement.threads, placement.block.count - first)
    // Of worker 0, which is the thread that waits for the others.
    nonisolated(unsafe) var times = (forward: 0.0, backward: 0.0)
    pool.run { worker in
      guard worker < count else { return reduction.assist(worker: worker, round: round) }
      let workspace = workspaces[worker]
      if worker == 0 { progress.enter(.forward) }
      let start = ContinuousClock.now
      load(batch, virtualWorker: first + worker, into: workspace)
      if poisoned { workspace.images[0, 0] = .nan }
      let loss = model.forward(parameters: parameters.all, rounded: rounded.all, workspace: workspace)
      reports.record(loss: loss, ofVirtualWorker: first + worker)
      probe?.look(at: workspace, virtualWorker: first + worker)
      if worker == 0 { progress.enter(.backward) }
      let middle = ContinuousClock.now
      model.backward(
        parameters: parameters.all, rounded: rounded.all, workspace: workspace,
        receiver: reduction.receiver(worker: worker, round: round))
      if worker == 0 {
        times = ((middle - start) / .seconds(1), middle.secondsSince)
      }
    }
    return times
  }

  /// Puts the images of a virtual worker (counted within this rank) and their mask noise into its workspace.
  private func load(_ batch: borrowing Batch, virtualWorker: Int, into workspace: Workspace) {
    for image in 0..<placement.imagesPerVirtualWorker {
      let index = virtualWorker * placement.imagesPerVirtualWorker + image
      normalization.apply(to: batch.pixels(of: index), into: workspace.images.row(image))
      maskNoise(
        output: workspace.noise.row(image), seed: configuration.train.seed, epoch: batch.epoch,
        sample: batch.samples[index])
    }
  }

  /// Tells all ranks what only one of them knows: its virtual workers' losses, its bad images, its notice.
  private func agree(on result: inout StepResult, _ batch: borrowing Batch, _ notice: StepNotice) throws {
    progress.enter(.allreduce)
    try reports.exchange(badSampleCount: batch.badImageCount, notice, over: communicator)
    progress.enter(.optimizer)
    result.badSampleCount = reports.badSampleCount
    result.stopRequested = reports.stopRequested
    result.checkpointPartsWritten = reports.checkpointPartsWritten
    result.loss = placement.tree.sum(of: reports.losses) / Double(configuration.train.batchSize)
  }

  private func update(_ result: StepResult, scale: Double) {
    pool.run { worker in
      optimizer.update(
        parameters: parameters.all, gradient: gradient, worker: worker, workers: placement.threads, step: result.step,
        learningRate: result.learningRate, gradientScale: scale,
        updated: { if rounded.count > 0 { convert(output: rounded.all[$0], input: parameters.all[$0]) } })
    }
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
