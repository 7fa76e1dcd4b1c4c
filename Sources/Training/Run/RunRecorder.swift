import Checkpoints
import Compute
import Datasets
import Files
import Foundation
import Logging
import Reporting

/// What a run is, as its recorder writes it down.
struct RunDescription {
  /// What the task reports.
  let metrics: [Metric]
  /// The resolved configuration, with what its keys mean.
  let yaml: String
  /// Images of a step, over all ranks.
  let batchSize: Int
  let epochs: Int

  init<Task: TrainingTask>(_ task: Task.Type, _ configuration: Task.Configuration) {
    metrics = Task.metrics
    yaml = configuration.yaml(documented: true)
    batchSize = configuration.train.batchSize
    epochs = configuration.train.epochs
  }
}

/// What rank 0 writes: the run directory's files, and the console. It makes records of what happens and hands them to the
/// sinks.
final class RunRecorder {
  private let directory: RunDirectory
  private let run: RunDescription
  private let metricsFile: String?
  let lock: RunLock
  private let console: ConsoleProgress
  let logger: Logger
  private let store: CheckpointStore
  /// From `begin` on.
  private var sinks: [any RecordSink] = []
  private var report: ReportSink?
  /// The places of the sinks whose last record could not be taken.
  private var failing: Set<Int> = []
  private var runningEpoch: RunningEpoch
  private var stepsPerEpoch = 1
  /// Of all epochs since the run was started.
  private var trainedSeconds = 0.0
  private var evaluatedSeconds = 0.0
  private var checkpointSeconds: Double?
  private var comparisonSeconds: Double?
  /// Of the checkpoints written so far, from the copy to the last fsync.
  private(set) var longestSaveSeconds = 0.0

  /// Takes the run directory; what an earlier run left in it stays as it is.
  init(_ run: RunDescription, _ options: RunOptions) throws {
    directory = options.runDirectory
    self.run = run
    metricsFile = options.metricsFile
    runningEpoch = RunningEpoch(metrics: run.metrics)
    let console = ConsoleProgress()
    self.console = console
    logger = Logger(label: "mae") { _ in ConsoleLogHandler(console: console) }
    if options.resume == .none, directory.holdsRun { throw TrainingError.runExists(path: directory.path) }
    try directory.create()
    lock = try RunLock(runDirectory: directory.path)
    store = CheckpointStore(directory: directory.checkpoints)
  }

  /// - Throws: the run directory's path leads elsewhere by now, so that nothing may be written there.
  func requireOwnDirectory() throws(TrainingError) {
    guard lock.isInPlace else { throw .runDirectoryMoved(path: directory.path) }
  }

  /// Removes what is left of unfinished saves, opens the sinks behind `step`, and writes down the configuration.
  func begin(with start: StartRecord, resume: ResumeChoice, data: DataIdentity) throws {
    let step = start.step
    if case .checkpoint = resume, let newest = try store.steps().max(), newest > step {
      throw TrainingError.laterCheckpoints(runDirectory: directory.path, step: step, newest: newest)
    }
    for name in try store.removeHalfWritten() { logger.info("removed the unfinished checkpoint \(name)") }
    for later in try store.discard(newerThan: step) {
      logger.warning("removed the checkpoint of step \(later), which is not valid")
    }
    try directory.write(configuration: run.yaml)
    let resumed = try TrainingLog.resume(at: directory.log, after: step)
    if let name = resumed.setAside {
      logger.warning("\(escaped(directory.log)) is not a file; it is now \(escaped(name)), and a new log begins")
    }
    let report = ReportSink(directory: directory.path, mayWrite: { [lock] in lock.isInPlace })
    self.report = report
    sinks = [
      resumed.log,
      try TensorBoardSink(directory: directory.path, resumingAfter: step),
      ConsoleSink(console, logger: logger, totalSteps: start.lastStep, totalEpochs: run.epochs),
      report,
    ]
    if let metricsFile { sinks.append(PrometheusSink(path: metricsFile, run: directory.path)) }
    record(.start(start))
    if step > 0 { record(.event(EventRecord("resume", step: step))) }
    record(
      .event(
        EventRecord(
          "data", step: step, [LogField("count", .integer(data.count)), LogField("hash", .text(data.hash))])))
    stepsPerEpoch = start.stepsPerEpoch
    try readRunningEpoch(after: step)
  }

  /// Takes what the log knows of the epoch that is not done after `step`.
  private func readRunningEpoch(after step: Int) throws {
    runningEpoch = RunningEpoch(metrics: run.metrics)
    let epochStart = step / stepsPerEpoch * stepsPerEpoch
    try TrainingLog.forEachLine(at: directory.log, behind: epochStart) { line in
      if let record = StepRecord(line, metrics: run.metrics) { runningEpoch.add(record) }
    }
  }

  func record(_ result: StepResult, epoch: Double, seconds: Double) {
    var step = StepRecord(
      step: result.step, epoch: epoch, loss: result.loss, learningRate: result.learningRate,
      imagesPerSecond: Double(run.batchSize) / seconds, stepSeconds: seconds)
    step.gradientNorm = result.gradientNorm
    step.dataSeconds = result.times.data
    step.forwardSeconds = result.times.forward
    step.backwardSeconds = result.times.backward
    step.allreduceSeconds = result.times.allreduce
    step.optimizerSeconds = result.times.optimizer
    // A system that does not say how much memory it gave is no reason to stop training: the line goes without.
    step.residentMegabytes = try? SystemUsage.current().residentMegabytes
    step.metrics = zip(run.metrics, result.metrics).map { MetricValue($0, $1) }
    (step.checkpointSeconds, checkpointSeconds) = (checkpointSeconds, nil)
    (step.comparisonSeconds, comparisonSeconds) = (comparisonSeconds, nil)
    record(.step(step))
    if let failure = console.takeFailure() {
      record(event: "console_lost", step: result.step, reason: "\(failure)")
    }
    runningEpoch.add(step)
  }

  /// Records the epoch whose last step `record` was given last.
  ///
  /// - Parameters:
  ///   - evaluation: what came of it; empty where none was due.
  ///   - seconds: what it took.
  func recordEpoch(endingWith step: Int, evaluation: [MetricValue] = [], seconds: Double? = nil) {
    let epoch = step / stepsPerEpoch
    if var whole = runningEpoch.record(step: step, epoch: epoch) {
      whole.evaluation = evaluation
      whole.evaluationSeconds = seconds
      trainedSeconds += whole.seconds
      if let seconds {
        evaluatedSeconds += seconds
        whole.evaluationShare = evaluatedSeconds / (trainedSeconds + evaluatedSeconds)
      }
      record(.epoch(whole))
    } else {
      logger.warning("epoch \(epoch): no step was finite, so that it has no mean loss")
    }
    runningEpoch = RunningEpoch(metrics: run.metrics)
  }

  /// What comparing parameters took; it goes to the line of the next step.
  func record(comparisonSeconds seconds: Double) { comparisonSeconds = seconds }

  /// How long training waited for a checkpoint; it goes to the line of the next step.
  func record(checkpointSeconds seconds: Double) { checkpointSeconds = seconds }

  /// - Parameters:
  ///   - names: of a rank's images, one a line.
  ///   - place: the rank, for the console; the log is the same whichever rank it was.
  func record(badSamples names: String, metBy place: String, step: Int) {
    for name in names.split(separator: "\n") {
      logger.warning("replaced an image that does not decode\(place): \(name)")
      record(event: "bad_sample", step: step, reason: String(name))
    }
  }

  /// As above; the place is in the log too, since it is a host that is at fault.
  func record(goodTheSecondTime names: String, metBy place: String, step: Int) {
    for name in names.split(separator: "\n") {
      logger.warning(
        """
        an image did not decode, and did when it was read once more: \(name)\(place); that is a sign of bad memory or of a \
        bad disk: look at the logs of \(place.isEmpty ? "this" : "that") host's system, and test its memory
        """)
      record(event: "good_the_second_time", step: step, reason: "\(name)\(place)")
    }
  }

  func record(_ nonFinite: NonFiniteStep) {
    let samples = nonFinite.samples.map(String.init).joined(separator: " ")
    record(
      .event(
        EventRecord(
          "non_finite", step: nonFinite.step,
          [
            LogField("loss", .number(nonFinite.loss)), LogField("gradient_norm", .number(nonFinite.gradientNorm)),
            LogField("samples", .text(samples)),
          ])))
  }

  func record(event: String, step: Int, reason: String) {
    record(.event(EventRecord(event, step: step, [LogField("reason", .text(reason))])))
  }

  func record(_ outcomes: [SaveOutcome]) {
    for outcome in outcomes {
      longestSaveSeconds = max(longestSaveSeconds, outcome.seconds)
      switch outcome.result {
      case .success:
        record(
          .event(EventRecord("checkpoint", step: outcome.step, [LogField("seconds", .number(outcome.seconds))])))
      case .failure(let error):
        logger.error("the checkpoint of step \(outcome.step) could not be written: \(error)")
        record(event: "checkpoint_failed", step: outcome.step, reason: "\(error)")
      }
    }
  }

  /// The run has gone back to `step`, and the sinks with it.
  func rewind(to step: Int, because reason: String) throws {
    try requireOwnDirectory()
    for sink in sinks { try sink.rewind(to: step) }
    try readRunningEpoch(after: step)
    record(event: "rollback", step: step, reason: reason)
  }

  /// Lets the sinks write what they write in the end, and says how the run does. No rank waits for it.
  ///
  /// - Parameter step: the last that was taken.
  func finish(_ ending: RunHistory.Ending, step: Int) {
    if lock.isInPlace { record(.end(EndRecord(step: step, ending))) }
    for sink in sinks where lock.isInPlace {
      do {
        try sink.finish()
      } catch {
        logger.warning("\(error)")
      }
    }
    console.finish()
    for finding in report?.findings ?? [] {
      logger.log(level: finding.level == .warning ? .warning : .info, "\(finding.line)")
    }
  }

  /// A sink that cannot write (a full disk, say) is no reason to stop training, nor to keep a record from the others. It is
  /// said once, until it works again.
  private func record(_ record: RunRecord) {
    for (index, sink) in sinks.enumerated() {
      do {
        try sink.take(record)
        failing.remove(index)
      } catch {
        if failing.insert(index).inserted { logger.warning("\(error); training goes on") }
      }
    }
  }
}
