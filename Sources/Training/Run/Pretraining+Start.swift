import Checkpoints
import Collectives
import Compute
import Datasets
import MaskedAutoencoder

/// What comes before the first step.
extension Pretraining {
  /// Which virtual workers run where, for the ranks of `communicator` and the cores of this host.
  public static func layout(
    _ configuration: RunConfiguration, _ communicator: any Communicator
  ) throws -> WorkerLayout {
    let virtualWorkers = configuration.virtualWorkers
    guard communicator.size <= virtualWorkers else {
      throw TrainingError.moreRanksThanVirtualWorkers(ranks: communicator.size, virtualWorkers: virtualWorkers)
    }
    // By all ranks, also by those that were told their threads: it is an exchange.
    let share = try shareOfCores(communicator)
    return WorkerLayout(
      virtualWorkers: virtualWorkers, imagesPerVirtualWorker: configuration.imagesPerVirtualWorker,
      rank: communicator.rank, ranks: communicator.size,
      threads: configuration.parallel.threads ?? share)
  }

  /// This rank's share of the cores that it may run on: a core that k ranks of the host may run on counts 1/k for each.
  private static func shareOfCores(_ communicator: any Communicator) throws -> Int {
    let mine = availableCores()
    let all = try communicator.allgather(mine.map(Double.init))
    let share = mine.reduce(0.0) { share, core in
      let sharers = communicator.ranksOnThisHost.filter { all[$0].contains(Double(core)) }
      return share + 1 / Double(sharers.count)
    }
    // Thirds do not add up to one exactly.
    return max(1, Int((share + 1e-6).rounded(.down)))
  }

  /// What tells the data from others, the same on all ranks: a copy that lacks an image puts every later one in another place
  /// of the epoch's order.
  static func commonIdentity(
    of source: any ImageSource, path: String, on communicator: any Communicator
  ) throws -> DataIdentity {
    let mine = source.identity()
    let all = try communicator.allgather(mine.hash)
    guard let other = all.indices.first(where: { all[$0] != all[0] }) else { return mine }
    let found = try communicator.allgather("\(source.count) images in \(path)")
    let counts = try communicator.allgather([Double(source.count)])
    throw TrainingError.dataDiffers(
      rank: other, found: found[other], first: found[0], hasEqualCount: counts[other] == counts[0])
  }

  static func openData(_ configuration: RunConfiguration) throws -> (any ImageSource, BatchPlan) {
    guard !configuration.data.path.isEmpty else { throw TrainingError.noDataPath }
    guard [1, 3, 4].contains(configuration.model.channels) else {
      throw TrainingError.unsupportedChannels(configuration.model.channels)
    }
    let source = try openSource(at: configuration.data.path)
    let plan = try BatchPlan(
      sampleCount: source.count, batchSize: configuration.train.batchSize, seed: configuration.train.seed)
    return (source, plan)
  }

  /// The images of the steps that are left.
  func makeLoader() throws -> BatchLoader {
    try communicator.together {
      let images = try AugmentedImages(
        source: source, shape: configuration.imageShape, augmentation: configuration.data.augmentation,
        seed: configuration.train.seed)
      return try BatchLoader(
        images: images, batchSize: configuration.train.batchSize, part: trainer.layout.images,
        steps: step..<lastStep, workers: configuration.data.workers)
    }
  }

  /// Rank 0 chooses a checkpoint, and all ranks open it. One rank of each host compares all bytes with the manifest; the
  /// others would do so with the same bytes in the same memory.
  static func open(
    _ communicator: any Communicator, _ recorder: RunRecorder?, _ choose: () throws -> Checkpoint?
  ) throws -> Checkpoint? {
    let chosen = try communicator.together { communicator.rank == 0 ? try choose() : nil }
    for passedOver in chosen?.passedOver ?? [] {
      recorder?.logger.warning("passed over the checkpoint of \(passedOver)")
    }
    let path = try communicator.broadcast(chosen?.path ?? "", from: 0)
    let isFirstOfHost = communicator.ranksOnThisHost[0] == communicator.rank
    return try communicator.together {
      if let chosen { return chosen }
      return path.isEmpty ? nil : try Checkpoint.open(path, isVerified: !isFirstOfHost)
    }
  }

  /// Takes the parameters of another run's checkpoint, and nothing else.
  func begin(with checkpoint: Checkpoint) throws {
    try communicator.together {
      try checkpoint.readParameters(
        CheckpointLayout(trainer.model), into: trainer.parameters.all, inParallel: trainer.inParallel)
    }
    trainer.roundParameters()
    recorder?.logger.info("began with the weights of \(checkpoint.path)")
  }

  /// An old checkpoint tells it by the ranks that wrote it, as far as it can be told.
  private func hadEqualBits(_ state: CheckpointState) -> Bool {
    if let known = state.hasEqualBits { return known }
    guard state.worldSize > 1 else { return true }
    return trainer.layout.tree.supportsEqualBits(ranks: state.worldSize)
      && configuration.parallel.gradientWire == .fp32
  }

  /// The run that is resumed must have begun with what is asked for, as one that is started again by the same command has: to
  /// ignore the weights in silence would train others.
  func requireInitialWeights(of checkpoint: Checkpoint) throws(TrainingError) {
    guard let asked = options.initialWeights, asked != checkpoint.state.initialWeights else { return }
    throw .otherInitialWeights(
      runDirectory: options.runDirectory.path, asked: asked, found: checkpoint.state.initialWeights)
  }

  /// Takes parameters, moments and step from a checkpoint of the same recipe.
  func restore(_ checkpoint: Checkpoint) throws {
    try communicator.together {
      let old = try RunConfiguration.decode(
        yaml: checkpoint.state.configuration, name: "\(checkpoint.path)/state.json")
      let changes =
        recipeChanges(from: old, to: configuration)
        + dataChanges(since: checkpoint.state, identity: dataIdentity, stepsPerEpoch: plan.stepsPerEpoch)
      guard changes.isEmpty || options.allowsRecipeChange else {
        throw TrainingError.recipeChanged(path: checkpoint.path, differences: changes)
      }
      try trainer.restore(checkpoint)
    }
    trainer.roundParameters()
    step = checkpoint.step
    badSamplesInEpoch = checkpoint.state.badSamples
    pastHasEqualBits = hadEqualBits(checkpoint.state)
    let kernel = checkpoint.state.blasKernel
    if !kernel.isEmpty, kernel != kernels.kernel {
      recorder?.logger.warning(
        """
        the checkpoint was made with \(BLASKernelName.description(of: kernel)), and this run takes \
        \(BLASKernelName.description(of: kernels.kernel)), which sum in another order: bits will differ from those of a run that kept them
        """)
    }
    if configuration.parallel.gradientWire != .fp32, checkpoint.state.worldSize != communicator.size {
      recorder?.logger.warning(
        """
        the checkpoint was made on \(checkpoint.state.worldSize) ranks and is resumed on \(communicator.size): with \
        parallel.gradient_wire bf16 bits depend on that number and will differ from those of a run that kept it
        """)
    }
    recorder?.logger.info("resumed after step \(step) from \(checkpoint.path)")
  }
}

extension PretrainingOptions {
  func checkpointToResume() throws -> Checkpoint? {
    switch resume {
    case .none: nil
    case .checkpoint(let path): try Checkpoint.open(path)
    case .auto: try Checkpoint.newest(of: CheckpointStore(directory: runDirectory.checkpoints))
    }
  }

  func checkpointToBeginWith() throws -> Checkpoint? {
    try initialWeights.map { try Checkpoint.open($0) }
  }
}
