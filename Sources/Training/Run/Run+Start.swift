import Checkpoints
import Collectives
import Compute
import Datasets
import Files
import Imaging
import Reporting

/// What comes before the first step.
extension Run {
  /// Does what comes before the memory is taken, and nothing to any file.
  ///
  /// - Returns: what the run would be, in a few words.
  /// - Throws: what a run would throw.
  public static func check(_ configuration: Task.Configuration, _ communicator: any Communicator) throws -> String {
    let found = try look(at: configuration, communicator)
    return found.words
  }

  /// As above, and looks at the run directory and at the weights, too: all that a start can fail for, with nothing trained.
  public static func check(
    _ configuration: Task.Configuration, options: RunOptions, _ communicator: any Communicator
  ) throws -> String {
    guard !options.debug || communicator.size == 1 else {
      throw TrainingError.debugNeedsOneProcess(ranks: communicator.size)
    }
    let found = try look(at: configuration, communicator)
    let place = try communicator.together {
      communicator.rank == 0 ? try options.check(Task.self, configuration, found) : ""
    }
    return "\(found.words); \(place)"
  }

  private static func look(
    at configuration: Task.Configuration, _ communicator: any Communicator
  ) throws -> (words: String, order: BatchOrder, identity: DataIdentity, classNames: [String]) {
    let placement = try VirtualWorkerPlacement(configuration.run, on: communicator)
    let bytes = try communicator.requireMemory(Task.self, configuration, placement: placement)
    let (source, order) = try communicator.together { try openData(configuration) }
    let identity = try communicator.commonIdentity(of: source, path: configuration.data.path.description)
    _ = try BLASKernels.open(configuration, checkpoint: nil, communicator: communicator)
    let task = try communicator.together { try Task(configuration, from: nil) }
    let evaluation = try openEvaluation(of: task, beside: source, placement: placement, on: communicator)
    let words =
      "\(source.count) images, \(ProgressFormat.count(order.stepsPerEpoch, "step")) an epoch, "
      + (["\(ProgressFormat.bytes(Int(bytes))) of memory a rank"] + (evaluation?.notes ?? [])).joined(separator: "; ")
    return (words, order, identity, source.classNames)
  }

  /// Opens the images of a configuration, and their order.
  ///
  /// - Parameter shardIndex: what is known of tar shards.
  public static func openData(
    _ configuration: Task.Configuration, shardIndex: ShardIndex = ShardIndex()
  ) throws -> (any ImageSource, BatchOrder) {
    guard !configuration.data.path.isEmpty else { throw TrainingError.noDataPath }
    let source = try openSource(
      at: configuration.data.path, options: configuration.decodingOptions, shardIndex: shardIndex)
    try source.requireChannels(configuration.imageShape.channels)
    try Task.check(source, for: configuration)
    let order = try BatchOrder(
      sampleCount: source.count, batchSize: configuration.train.batchSize, seed: configuration.train.seed,
      order: configuration.data.order)
    return (source, order)
  }

  /// The images of the steps that are left.
  func makeLoader() throws -> BatchLoader {
    try communicator.together {
      let images = try AugmentedImages(
        source: source, shape: configuration.imageShape, augmentation: configuration.data.augmentation,
        seed: configuration.train.seed,
        randAugment: configuration.data.randAugment.map { ($0, RandAugment.fill(mean: configuration.data.mean)) })
      return try BatchLoader(
        images: images, batchSize: configuration.train.batchSize, part: replica.placement.images,
        steps: step..<lastStep, threads: configuration.data.decodeThreads, order: configuration.data.order,
        trace: profile?.trace)
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

  /// A run that could not save its first checkpoint would find out after hours.
  func requireCheckpointSpace() throws {
    try communicator.together {
      if step < lastStep { try CheckpointFileSize(CheckpointLayout(replica.task)).requireSaving() }
      guard let recorder, step < lastStep else { return }
      let directory = options.runDirectory
      let space = try CheckpointSpace(
        replica.task, in: directory, after: step, lastStep: lastStep, stepsPerEpoch: order.stepsPerEpoch,
        availableBytes: FileSystemSpace(of: nearestExisting(directory.checkpoints)).availableBytes)
      guard space.allowsSaving else { throw TrainingError.noCheckpointSpace(path: directory.path, space) }
      if !space.suffices {
        recorder.logger.warning(
          "the run directory \(escaped(directory.path)) has too little room for all checkpoints: \(space); make some, or lower checkpoint.keep_last"
        )
      }
    }
  }

  /// Takes the parameters of another run's checkpoint, and nothing else.
  func begin(with checkpoint: Checkpoint) throws {
    let remark = try communicator.together {
      try replica.task.begin(
        with: checkpoint, parameters: replica.parameters.all, classNames: source.classNames,
        inParallel: replica.inParallel)
    }
    replica.resetOptimizer()
    replica.roundParameters()
    recorder?.logger.info("began with the weights of \(escaped(checkpoint.path))\(remark)")
  }

  /// An old checkpoint tells it by the ranks that wrote it, as far as it can be told.
  private func hadEqualBits(_ state: CheckpointState) -> Bool {
    if let known = state.hasEqualBits { return known }
    guard state.worldSize > 1 else { return true }
    return replica.placement.tree.supportsEqualBits(ranks: state.worldSize)
      && configuration.parallel.gradientWire == .fp32
  }

  /// The run that is resumed must have begun with what is asked for, as one that is started again by the same command has: to
  /// ignore the weights in silence would train others.
  func requireInitialWeights(of checkpoint: Checkpoint) throws(TrainingError) {
    try options.requireInitialWeights(of: checkpoint)
  }

  /// Takes parameters, moments and step from a checkpoint of the same recipe.
  func restore(_ checkpoint: Checkpoint) throws {
    try communicator.together {
      try options.requireSameRecipe(
        as: checkpoint, configuration, identity: dataIdentity, stepsPerEpoch: order.stepsPerEpoch)
      try replica.restore(checkpoint)
    }
    replica.roundParameters()
    step = checkpoint.step
    badSamplesInEpoch = checkpoint.state.badSamples
    best = checkpoint.state.bestStep.flatMap { step in checkpoint.state.bestScore.map { (step, $0) } }
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
    recorder?.logger.info("resumed after step \(step) from \(escaped(checkpoint.path))")
  }
}

extension RunOptions {
  /// What `Run.requireInitialWeights` asks for.
  func requireInitialWeights(of checkpoint: Checkpoint) throws(TrainingError) {
    guard let asked = initialWeights, asked != checkpoint.state.initialWeights else { return }
    throw .otherInitialWeights(runDirectory: runDirectory.path, asked: asked, found: checkpoint.state.initialWeights)
  }

  /// A checkpoint is gone on from with the recipe and the data that it was made with, unless a change is allowed.
  func requireSameRecipe<Told: TaskConfiguration>(
    as checkpoint: Checkpoint, _ configuration: Told, identity: DataIdentity, stepsPerEpoch: Int
  ) throws {
    let old = try Told.decode(yaml: checkpoint.state.configuration, name: "\(checkpoint.path)/state.json")
    let changes =
      recipeChanges(from: old, to: configuration)
      + dataChanges(since: checkpoint.state, identity: identity, stepsPerEpoch: stepsPerEpoch)
    guard changes.isEmpty || allowsRecipeChange else {
      throw TrainingError.recipeChanged(path: checkpoint.path, differences: changes)
    }
  }

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
