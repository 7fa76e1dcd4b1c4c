import Checkpoints
import Collectives
import Compute
import Datasets
import Files
import Reporting

/// What is done after the last step of an epoch.
extension Run {
  /// The task's evaluation, whose images are the same on all ranks; nil where it has none.
  ///
  /// - Parameter source: the images that are trained on.
  static func openEvaluation(
    of task: Task, beside source: any ImageSource, placement: VirtualWorkerPlacement,
    on communicator: any Communicator
  ) throws -> (any EpochEvaluation)? {
    let evaluation = try communicator.together { try task.evaluation(beside: source, placement: placement) }
    for data in evaluation?.data ?? [] {
      _ = try communicator.commonIdentity(of: data.source, path: data.path.description)
    }
    return evaluation
  }

  /// Whether an evaluation follows `step`.
  func isEvaluationDue(after step: Int) -> Bool {
    guard let evaluation, step.isMultiple(of: order.stepsPerEpoch) else { return false }
    return evaluation.isDue(afterEpoch: step / order.stepsPerEpoch, of: configuration.train.epochs)
  }

  /// Evaluates where that is due, and records the epoch, whose last step has just been recorded.
  func finishEpoch(watchdog: Watchdog) throws {
    guard step.isMultiple(of: order.stepsPerEpoch) else { return }
    guard let evaluation, isEvaluationDue(after: step) else {
      recorder?.recordEpoch(endingWith: step)
      return
    }
    watchdog.evaluationBegins()
    replica.progress.enter(.evaluation)
    let start = ContinuousClock.now
    let state = EvaluationState(
      step: step, epoch: step / order.stepsPerEpoch, parameters: replica.parameters.all, rounded: replica.rounded.all,
      communicator: communicator, pool: replica.pool, advance: { watchdog.evaluationAdvances() },
      warn: { [recorder] sentence in recorder?.logger.warning("\(sentence)") }, runDirectory: options.runDirectory)
    let values = try finishingSaves { try evaluation.evaluate(state) }
    let seconds = start.secondsSince
    watchdog.evaluationEnds()
    longestEvaluationSeconds = max(longestEvaluationSeconds, seconds)
    if let score = values.first(where: { $0.metric == evaluation.score })?.value, score > best?.score ?? -.infinity {
      best = (step, score)
    }
    recorder?.recordEpoch(endingWith: step, evaluation: values, seconds: seconds)
  }
}

extension Run {
  /// Does what may fail on all ranks alike; if it does, the checkpoint under way is finished first, so that nothing is lost.
  private func finishingSaves<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as SharedError {
      // Why a save failed has been recorded; what ended the run is said.
      try? finishSaving()
      throw error
    }
  }
}

/// What an evaluation of a checkpoint came to.
public struct EvaluatedCheckpoint: CustomStringConvertible {
  public let path: String
  public let step: Int
  public let values: [MetricValue]

  /// A line for each value, under one that names the checkpoint.
  public var description: String {
    (["checkpoint: \(escaped(path)), step \(step)"] + values.map { "\($0.metric.title): \($0.value)" })
      .joined(separator: "\n")
  }
}

extension Run {
  /// Evaluates a checkpoint as a run of its task would after an epoch, and changes nothing: the one to resume from, the newest
  /// of the run directory, or the one to begin with. All ranks call it.
  public static func evaluate(
    _ configuration: Task.Configuration, options: RunOptions, communicator: any Communicator
  ) throws -> EvaluatedCheckpoint {
    let placement = try VirtualWorkerPlacement(configuration.run, on: communicator)
    let checkpoint = try open(communicator, nil) {
      if let initial = try options.checkpointToBeginWith() { return initial }
      guard case .checkpoint(let path) = options.resume else { return try Checkpoint.open(options.runDirectory.path) }
      return try Checkpoint.open(path)
    }!
    let (source, _) = try communicator.together {
      try checkpoint.requireTask([Task.name])
      return try openData(configuration)
    }
    _ = try BLASKernels.open(configuration, checkpoint: checkpoint.state.blasKernel, communicator: communicator)
    let task = try communicator.together { try Task(configuration, from: checkpoint) }
    guard let evaluation = try openEvaluation(of: task, beside: source, placement: placement, on: communicator) else {
      throw TrainingError.nothingToEvaluate
    }
    let parameters = AlignedBuffer<Float>(repeating: 0, count: task.table.arenaCount)
    defer { extendLifetime(parameters) }
    let isMixed = configuration.train.precision == .bf16
    let rounded = AlignedBuffer<BFloat16>(repeating: BFloat16(0), count: isMixed ? parameters.count : 0)
    defer { extendLifetime(rounded) }
    let pool = try communicator.together {
      try checkpoint.readParameters(CheckpointLayout(task), into: parameters.all)
      return try WorkerPool(count: placement.threads)
    }
    if isMixed { convert(output: rounded.all, input: parameters.all) }
    let state = EvaluationState(
      step: checkpoint.step, epoch: Int(checkpoint.state.epoch), parameters: parameters.all, rounded: rounded.all,
      communicator: communicator, pool: pool, advance: {},
      warn: { if communicator.rank == 0 { try? StandardStream.error.write("mae: \($0)\n") } },
      runDirectory: options.runDirectory)
    return EvaluatedCheckpoint(
      path: checkpoint.path, step: checkpoint.step, values: try evaluation.evaluate(state))
  }
}
