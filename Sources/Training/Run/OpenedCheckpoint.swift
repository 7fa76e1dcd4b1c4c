import Checkpoints
import Collectives
import Compute
import Files
import Parameters

/// A checkpoint of a task with what it takes to evaluate it as a run would after an epoch, and nothing that training takes.
public final class OpenedCheckpoint<Task: TrainingTask> {
  public let task: Task
  /// Of the checkpoint's folder.
  public let path: String
  package let checkpoint: Checkpoint
  /// Of this rank.
  public let placement: VirtualWorkerPlacement
  private let options: RunOptions
  private let communicator: any Communicator
  private let pool: WorkerPool
  private let parameters: AlignedBuffer<Float>
  private let rounded: AlignedBuffer<BFloat16>
  /// Empty where the checkpoint has no average.
  private let average: AlignedBuffer<Float>

  /// Opens the checkpoint to resume from, the newest of the run directory, or the one to begin with, and changes nothing.
  /// All ranks call it.
  ///
  /// - Throws: on all ranks alike.
  public init(_ configuration: Task.Configuration, options: RunOptions, communicator: any Communicator) throws {
    (self.options, self.communicator) = (options, communicator)
    let placement = try VirtualWorkerPlacement(configuration.run, on: communicator)
    self.placement = placement
    let checkpoint = try Run<Task>.open(communicator, nil) {
      if let initial = try options.checkpointToBeginWith() { return initial }
      guard case .checkpoint(let path) = options.resume else { return try Checkpoint.open(options.runDirectory.path) }
      return try Checkpoint.open(path)
    }!
    (self.checkpoint, path) = (checkpoint, checkpoint.path)
    try communicator.together { try checkpoint.requireTask([Task.name]) }
    _ = try BLASKernels.open(configuration, checkpoint: checkpoint.state.blasKernel, communicator: communicator)
    let task = try communicator.together { try Task(configuration, from: checkpoint) }
    self.task = task
    let parameters = AlignedBuffer<Float>(repeating: 0, count: task.table.arenaCount)
    let average = AlignedBuffer<Float>(repeating: 0, count: checkpoint.hasAverage ? parameters.count : 0)
    pool = try communicator.together {
      try checkpoint.readParameters(CheckpointLayout(task), into: parameters.all)
      if average.count > 0 { try checkpoint.readAverage(of: task.table, into: average.all) }
      return try WorkerPool(count: placement.threads)
    }
    let isMixed = configuration.train.precision == .bf16
    rounded = AlignedBuffer(repeating: BFloat16(0), count: isMixed ? parameters.count : 0)
    if isMixed { convert(output: rounded.all, input: parameters.all) }
    self.parameters = parameters
    self.average = average
  }

  /// The model as an evaluation is given it. Valid as long as this object.
  public var state: EvaluationState {
    EvaluationState(
      step: checkpoint.step, epoch: Int(checkpoint.state.epoch), parameters: parameters.all, rounded: rounded.all,
      average: average.count > 0 ? average.all : nil, bestScore: nil, communicator: communicator, pool: pool,
      advance: {},
      warn: { [communicator] in if communicator.rank == 0 { try? StandardStream.error.write("mae: \($0)\n") } },
      runDirectory: options.runDirectory)
  }
}

extension Checkpoint {
  /// Whether its run kept a moving average of the parameters.
  package var hasAverage: Bool {
    optimizer.tensors.contains { $0.name.hasPrefix("\(CheckpointLayout.averageName).") }
  }

  /// Fills an arena with the average of the tensors that were trained; what was not stays as it is.
  ///
  /// - Parameter table: of the arena; it may have tensors that were not trained.
  /// - Throws: a tensor is of another shape, or holds a value that is not finite.
  package func readAverage(of table: ParameterTable, into arena: Vector) throws(CheckpointError) {
    for spec in table.specs {
      try readMomentTensor(CheckpointLayout.averageName, of: spec.name, shape: spec.shape, into: arena[spec.range])
    }
  }
}
