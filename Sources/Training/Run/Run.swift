import Checkpoints
import Collectives
import Compute
import Datasets
import Files
import Foundation

/// Where a run begins.
public enum ResumeChoice: Sendable, Equatable {
  /// At the newest valid checkpoint of the run directory, or anew where there is none.
  case auto
  /// Anew; a directory that holds a run is refused.
  case none
  /// At this checkpoint.
  case checkpoint(String)
}

/// What is asked of a run beside its configuration.
public struct RunOptions: Sendable {
  public var runDirectory: RunDirectory
  public var resume = ResumeChoice.auto
  /// What trains, for its log: the version and, where it is known, the commit.
  public var program = programVersion
  /// Weights to begin a new run with: a run directory or a checkpoint.
  public var initialWeights: String?
  public var allowsRecipeChange = false
  /// Statistics of every layer after every step, and the search for the first value that is not finite.
  public var debug = false
  /// Steps whose threads are recorded, for a trace; nil for none.
  public var profiledSteps: Int?
  /// A file for what Prometheus's node exporter reads, rewritten as the run goes on; nil for none.
  public var metricsFile: String?

  public init(runDirectory: RunDirectory) {
    self.runDirectory = runDirectory
  }
}

/// How a run ended that did not fail.
public enum RunOutcome: Sendable, Equatable {
  case completed
  /// Asked to stop; a checkpoint is there to go on from.
  case stopped(step: Int)
}

/// A run: what comes before, between and after the steps. All ranks call the same methods.
public final class Run<Task: TrainingTask> {
  let configuration: Task.Configuration
  let options: RunOptions
  let communicator: any Communicator
  let source: any ImageSource
  let dataIdentity: DataIdentity
  let replica: Replica<Task>
  let kernels: BLASKernels
  /// While steps are to be profiled.
  let profile: StepProfile?
  let order: BatchOrder
  /// On rank 0.
  let recorder: RunRecorder?
  let origin: RunOrigin
  /// What looks at the model after epochs.
  let evaluation: (any EpochEvaluation)?
  /// What the run was told to begin with, now or when it began; empty where that was nothing.
  let initialWeights: String
  /// From the first batch on.
  private(set) var saving: CheckpointSaving?
  /// Steps done.
  var step = 0
  var badSamplesInEpoch = 0
  /// Since the run was started, until it is said of how many images.
  var imagesAskingForTurn = 0
  var imagesSeen = 0
  var hasSaidTurns = false
  /// Whether one rank would have had the same bits in the steps up to the checkpoint that the run goes on from.
  var pastHasEqualBits = true
  /// The step after which the parameters of all ranks were last found equal.
  var comparedStep: Int?
  /// The steps that the last rollbacks were for: one that was not finite, and one after which replicas differed.
  var rolledBackForNonFinite: Int?
  var rolledBackForDifference: Int?
  private let stopRequest: StopRequest
  private var longestStepSeconds = 0.0
  var longestEvaluationSeconds = 0.0
  /// The step after which the evaluation was best, and its score.
  var best: (step: Int, score: Double)?
  private var faults: FaultInjection

  /// Opens the data, takes the memory, and resumes. Nothing of an earlier run is changed.
  ///
  /// The ranks have compared configuration and options before (`StartStatement`).
  ///
  /// - Throws: on all ranks alike, whichever of them met the trouble.
  public init(
    _ configuration: Task.Configuration, options: RunOptions, communicator: any Communicator
  ) throws {
    self.configuration = configuration
    self.options = options
    self.communicator = communicator
    let deadline = try communicator.together {
      try Deadline.ofGettingReady(configuration.watchdog, communicator)
    }
    defer { deadline.meet() }
    stopRequest = StopRequest(timeLimit: configuration.train.timeLimit)
    faults = try FaultInjection(environment: ProcessInfo.processInfo.environment, rank: communicator.rank)
    guard !options.debug || communicator.size == 1 else {
      throw TrainingError.debugNeedsOneProcess(ranks: communicator.size)
    }
    let placement = try VirtualWorkerPlacement(configuration.run, on: communicator)
    try communicator.requireMemory(Task.self, configuration, placement: placement)
    let shards = try CommonShardIndex(
      configuration.data.path, file: options.runDirectory.shardIndex, on: communicator)
    let (source, order) = try communicator.together {
      try Run.openData(configuration, shardIndex: shards.index)
    }
    dataIdentity = try communicator.commonIdentity(of: source, path: configuration.data.path.description)
    (self.source, self.order) = (source, order)
    let recorder = try communicator.together {
      communicator.rank == 0 ? try RunRecorder(RunDescription(Task.self, configuration), options) : nil
    }
    self.recorder = recorder
    if let note = shards.note { recorder?.logger.info("\(note)") }
    if let recorder, let warning = shards.keep(in: options.runDirectory.shardIndex) {
      recorder.logger.warning("\(warning)")
    }
    let resumed = try Run.open(communicator, recorder) { try options.checkpointToResume() }
    let initial =
      resumed == nil ? try Run.open(communicator, recorder) { try options.checkpointToBeginWith() } : nil
    try communicator.together {
      try resumed?.requireTask([Task.name])
      try initial?.requireTask(Task.namesOfBeginnings)
    }
    origin = try RunOrigin(
      resumed: resumed, initial: initial, store: CheckpointStore(directory: options.runDirectory.checkpoints),
      communicator: communicator)
    initialWeights = resumed?.state.initialWeights ?? options.initialWeights ?? ""
    kernels = try BLASKernels.open(
      configuration, checkpoint: resumed?.state.blasKernel, communicator: communicator)
    for warning in kernels.warnings { recorder?.logger.warning("\(warning)") }
    let task = try communicator.together { try Task(configuration, from: resumed ?? initial) }
    profile = options.profiledSteps.map {
      StepProfile(
        of: $0, after: resumed?.step ?? 0, lastStep: Run.lastStep(configuration, order), in: options.runDirectory,
        communicator)
    }
    evaluation = try Run.openEvaluation(of: task, beside: source, placement: placement, on: communicator)
    for note in evaluation?.notes ?? [] { recorder?.logger.warning("\(note)") }
    replica = try Replica(
      task, placement: placement, order: order, communicator: communicator, debug: options.debug,
      profile: profile.map { ($0.trace, $0.run) })
    if let resumed {
      try requireInitialWeights(of: resumed)
      try restore(resumed)
    }
    if let initial { try begin(with: initial) }
    try requireCheckpointSpace()
  }

  /// Epochs done, with the fraction of the running one.
  var epoch: Double { Double(step) / Double(order.stepsPerEpoch) }

  /// Whether one rank has the same bits in the steps of this run.
  var stepsHaveEqualBits: Bool {
    let placement = replica.placement
    return placement.hasEqualBits && (placement.ranks == 1 || configuration.parallel.gradientWire == .fp32)
  }

  var lastStep: Int { Run.lastStep(configuration, order) }

  /// Trains to the last step, or to a request to stop.
  public func run() throws -> RunOutcome {
    let announcement = try recorder.map { recorder in
      let logger = recorder.logger
      return try StopAnnouncement { logger.info("\($0)") }
    }
    defer { extendLifetime(announcement) }
    do {
      let outcome = try train()
      try? profile?.runEnds()
      recorder?.finish(outcome == .completed ? .completed : .stopped, step: step)
      return outcome
    } catch {
      recorder?.finish(.failed(reason: "\(error)"), step: step)
      throw error
    }
  }

  private func train() throws -> RunOutcome {
    recorder?.logger.info("\(announcement(of: self))")
    if step >= lastStep { recorder?.logger.info("nothing left to do: step \(step) of \(lastStep) is done") }
    if step < lastStep, try isStopRequestedOfAnyRank() {
      recorder?.logger.info("stopped on request before the first step; run again to go on")
      return .stopped(step: step)
    }
    if step < lastStep { try requireEqualParameters() }
    while step < lastStep {
      switch try trainOn() {
      case .reachedLastStep: break
      case .stopRequested:
        recorder?.logger.info("stopped on request after step \(step); run again to go on")
        return .stopped(step: step)
      case .mustRollBack(let reason): try rollBack(because: reason)
      }
    }
    return .completed
  }

  /// Whether a request to stop came while the run started. Nothing is lost then: no step is done that no checkpoint has.
  private func isStopRequestedOfAnyRank() throws -> Bool {
    try communicator.allgather([stopRequest.isMade(secondsToStop: 0) ? 1.0 : 0.0]).contains([1])
  }

  /// Ranks draw the first weights, or read them, each for itself: before the first step they must have the same.
  private func requireEqualParameters() throws {
    if step == 0, faults.isDue(.flip, at: 0) { replica.flipParameterBit() }
    if let reason = try compareParameters() { throw TrainingError.parametersDiffer(reason) }
  }

  private enum Ending {
    case reachedLastStep
    case stopRequested
    case mustRollBack(String)
  }

  /// Steps until something ends them; a checkpoint of the last one is then on disk, or older ones are gone back to.
  private func trainOn() throws -> Ending {
    let loader = try makeLoader()
    defer { loader.stop() }
    let watchdog = try communicator.together { try watch() }
    defer { watchdog.stop() }
    while step < lastStep {
      let start = ContinuousClock.now
      watchdog.stepBegins(step + 1)
      profile?.stepBegins(after: step)
      let stepStart = profile?.run.now
      replica.progress.enter(.data)
      let batch = try saving == nil ? begin(loader) : loader.next()
      profile?.run.add("wait for images", since: stepStart)
      let computeStart = profile?.run.now
      let result = try replica.step(
        batch, notice: notice, poisoned: faults.isDue(.nan, at: step + 1))
      profile?.run.add("compute", since: computeStart)
      defer { endProfile(stepStart) }
      let recordStart = profile?.run.now
      if result.checkpointPartsWritten { try saving?.commit() }
      if let nonFinite = result.nonFinite, let reason = try judge(nonFinite) { return .mustRollBack(reason) }
      step = result.step
      watchdog.stepEnds()
      longestStepSeconds = max(longestStepSeconds, start.secondsSince)
      if faults.isDue(.flip, at: step) { replica.flipParameterBit() }
      record(result, seconds: start.secondsSince)
      profile?.run.add("record", since: recordStart)
      try finishEpoch(watchdog: watchdog)
      if let reason = try account(for: batch, result) { return .mustRollBack(reason) }
      let compareStart = profile?.run.now
      if isComparisonDue(result), let reason = try compareParameters() { return .mustRollBack(reason) }
      if isComparisonDue(result) { profile?.run.add("compare parameters", since: compareStart) }
      let saveStart = profile?.run.now
      if isCheckpointDue(result) {
        try save()
        profile?.run.add("copy for a checkpoint", since: saveStart)
      }
      if result.stopRequested, step < lastStep {
        try finishSaving()
        return .stopRequested
      }
    }
    try finishSaving()
    return .reachedLastStep
  }

  /// The first batch, then the run directory's files: data that no rank can use leaves no trace there. Trouble with the
  /// first batch is told by one rank for all; later the rank that meets it ends the others.
  private func begin(_ loader: BatchLoader) throws -> Batch {
    let batch = try communicator.together { try loader.next() }
    try communicator.together {
      try recorder?.begin(
        with: startRecord(of: self), resume: options.resume, data: dataIdentity)
    }
    saving = try CheckpointSaving(
      configuration.checkpoint, in: options.runDirectory, lock: recorder?.lock,
      layout: CheckpointLayout(replica.task), communicator: communicator, row: profile?.trace.row("checkpoints"))
    return batch
  }

  /// Ends what is recorded of a step, and writes the trace behind the last one. That it cannot be written is no reason to stop.
  private func endProfile(_ start: Trace.Moment?) {
    profile?.run.add("step", since: start, number: step)
    do throws(FileError) {
      guard let path = try profile?.stepEnds(after: step) else { return }
      recorder?.logger.info("wrote the trace \(escaped(path)); ui.perfetto.dev opens it")
    } catch {
      recorder?.logger.warning("the trace could not be written: \(error)")
    }
  }

  /// What this rank tells the others with the step.
  private var notice: StepNotice {
    var notice = StepNotice()
    // Whoever has lost its directory has nowhere to save: the save before the stop says so on all ranks.
    notice.stopRequested =
      stopRequest.isMade(secondsToStop: secondsToStop) || recorder.map { !$0.lock.isInPlace } ?? false
    notice.checkpointPartWritten = saving?.isPartWritten ?? false
    return notice
  }

  /// What one more step, an evaluation behind it and a checkpoint may take, with as much again to be on the safe side.
  private var secondsToStop: Double {
    let evaluation = isEvaluationDue(after: step + 1) ? longestEvaluationSeconds : 0
    return 2 * (longestStepSeconds + evaluation + (recorder?.longestSaveSeconds ?? 0))
  }

  private func watch() throws -> Watchdog {
    let communicator = communicator
    return try Watchdog(configuration.watchdog, progress: replica.progress, after: step) { sentence in
      let rank = "rank \(communicator.rank) on host \(communicator.hostName)"
      try? StandardStream.error.write("mae: \(rank): \(sentence)\n")
    } end: {
      communicator.abort(code: 1)
    }
  }

  private func isCheckpointDue(_ result: StepResult) -> Bool {
    result.stopRequested || step == lastStep || best?.step == step
      || configuration.checkpoint.isDue(after: step, stepsPerEpoch: order.stepsPerEpoch)
  }

  /// Ranks compare their parameters now and then, and before every checkpoint: what is saved is agreed on.
  private func isComparisonDue(_ result: StepResult) -> Bool {
    isCheckpointDue(result) || step.isMultiple(of: configuration.train.compareEverySteps)
  }

  private func record(_ result: StepResult, seconds: Double) {
    // A save that failed is said at the next step, not at the next save.
    recorder?.record(saving?.finishedSaves() ?? [])
    if options.debug { recorder?.logger.info("\(replica.debugReport(step: step))") }
    recorder?.record(result, epoch: epoch, seconds: seconds)
  }
}
