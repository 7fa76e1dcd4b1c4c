import Checkpoints
import Compute
import Datasets
import Foundation
import Logging
import MaskedAutoencoder
import Reporting

/// What rank 0 writes: the run directory's files, and the console.
final class RunRecorder {
  private let directory: RunDirectory
  private let configuration: RunConfiguration
  let lock: RunLock
  private let console: ConsoleProgress
  let logger: Logger
  private let store: CheckpointStore
  private var log: TrainingLog?
  private var tensorBoard: TensorBoardWriter?
  private var hasWarned = false
  private var epochLosses: [Double] = []
  private var epochSeconds = 0.0
  private var stepsPerEpoch = 1
  private var checkpointSeconds: Double?
  private var comparisonSeconds: Double?
  /// Of the checkpoints written so far, from the copy to the last fsync.
  private(set) var longestSaveSeconds = 0.0

  /// Takes the run directory; what an earlier run left in it stays as it is.
  init(_ configuration: RunConfiguration, _ options: RunOptions) throws {
    directory = options.runDirectory
    self.configuration = configuration
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

  /// Removes what is left of unfinished saves, opens the log behind `step`, and writes down the configuration.
  func begin(after step: Int, resume: ResumeChoice, stepsPerEpoch: Int, data: DataIdentity) throws {
    if case .checkpoint = resume, let newest = try store.steps().max(), newest > step {
      throw TrainingError.laterCheckpoints(runDirectory: directory.path, step: step, newest: newest)
    }
    for name in try store.removeHalfWritten() { logger.info("removed the unfinished checkpoint \(name)") }
    for later in try store.discard(newerThan: step) {
      logger.warning("removed the checkpoint of step \(later), which is not valid")
    }
    try directory.write(configuration: configuration.yaml(documented: true))
    log = try TrainingLog.resume(at: directory.log, after: step).log
    tensorBoard = try TensorBoardWriter(directory: directory.path, resumingAfter: step)
    if step > 0 { append(EventRecord("resume", step: step)) }
    append(
      EventRecord("data", step: step, [LogField("count", .integer(data.count)), LogField("hash", .text(data.hash))]))
    self.stepsPerEpoch = stepsPerEpoch
    try readRunningEpoch(after: step)
  }

  /// Takes what the log knows of the epoch that is not done after `step`.
  private func readRunningEpoch(after step: Int) throws {
    (epochLosses, epochSeconds) = ([], 0)
    let epochStart = step / stepsPerEpoch * stepsPerEpoch
    for record in try TrainingLog.lines(at: directory.log, after: epochStart).compactMap(StepRecord.init) {
      countInEpoch(record)
    }
  }

  func record(_ result: StepResult, epoch: Double, lastStep: Int, seconds: Double) {
    var record = StepRecord(
      step: result.step, epoch: epoch, loss: result.loss, learningRate: result.learningRate,
      imagesPerSecond: Double(configuration.train.batchSize) / seconds, stepSeconds: seconds)
    record.gradientNorm = result.gradientNorm
    record.dataSeconds = result.times.data
    record.forwardSeconds = result.times.forward
    record.backwardSeconds = result.times.backward
    record.allreduceSeconds = result.times.allreduce
    record.optimizerSeconds = result.times.optimizer
    // A system that does not say how much memory it gave is no reason to stop training: the line goes without.
    record.residentMegabytes = try? SystemUsage.current().residentMegabytes
    (record.checkpointSeconds, checkpointSeconds) = (checkpointSeconds, nil)
    (record.comparisonSeconds, comparisonSeconds) = (comparisonSeconds, nil)
    append(record)
    let scalars = [
      ("loss", result.loss), ("learning_rate", result.learningRate), ("gradient_norm", result.gradientNorm),
      ("images_per_second", record.imagesPerSecond),
    ]
    warnIfItFails {
      for (tag, value) in scalars { try tensorBoard?.addScalar(tag, value, step: result.step) }
    }
    console.report(
      ProgressSnapshot(
        step: result.step, totalSteps: lastStep, epoch: epoch, totalEpochs: Double(configuration.train.epochs),
        loss: result.loss,
        learningRate: result.learningRate, gradientNorm: result.gradientNorm,
        imagesPerSecond: record.imagesPerSecond))
    countInEpoch(record)
    if result.step.isMultiple(of: stepsPerEpoch) { endEpoch(result.step / stepsPerEpoch, step: result.step) }
  }

  /// A step that is not finite was left out: it is none of those that the epoch's mean is of.
  private func countInEpoch(_ record: StepRecord) {
    epochSeconds += record.stepSeconds
    if record.loss.isFinite, record.gradientNorm?.isFinite ?? true { epochLosses.append(record.loss) }
  }

  /// What comparing parameters took; it goes to the line of the next step.
  func record(comparisonSeconds seconds: Double) { comparisonSeconds = seconds }

  func record(badSamples names: String, step: Int) {
    for name in names.split(separator: "\n") {
      logger.warning("replaced an image that does not decode: \(name)")
      append(EventRecord("bad_sample", step: step, [LogField("reason", .text(String(name)))]))
    }
  }

  func record(_ nonFinite: NonFiniteStep) {
    let samples = nonFinite.samples.map(String.init).joined(separator: " ")
    append(
      EventRecord(
        "non_finite", step: nonFinite.step,
        [
          LogField("loss", .number(nonFinite.loss)), LogField("gradient_norm", .number(nonFinite.gradientNorm)),
          LogField("samples", .text(samples)),
        ]))
  }

  func record(event: String, step: Int, reason: String) {
    append(EventRecord(event, step: step, [LogField("reason", .text(reason))]))
  }

  /// Takes the lines behind `step` out of the log: the run has gone back there.
  func rewind(to step: Int, because reason: String) throws {
    try requireOwnDirectory()
    try log?.rewind(to: step)
    tensorBoard = try TensorBoardWriter(directory: directory.path, resumingAfter: step)
    try readRunningEpoch(after: step)
    record(event: "rollback", step: step, reason: reason)
  }

  private func append(_ record: some LogRecord) {
    warnIfItFails { try log?.append(record) }
  }

  /// A log that cannot be written (a full disk, say) is no reason to stop training. It is said once, until it works
  /// again.
  private func warnIfItFails(_ write: () throws -> Void) {
    do {
      try write()
      hasWarned = false
    } catch {
      if !hasWarned { logger.warning("\(error); training goes on") }
      hasWarned = true
    }
  }

  private func endEpoch(_ epoch: Int, step: Int) {
    defer { (epochLosses, epochSeconds) = ([], 0) }
    guard !epochLosses.isEmpty else {
      logger.warning("epoch \(epoch): no step was finite, so that it has no mean loss")
      return
    }
    let mean = epochLosses.reduce(0, +) / Double(epochLosses.count)
    append(EpochRecord(step: step, epoch: epoch, meanLoss: mean, seconds: epochSeconds))
    logger.info("epoch \(epoch): mean loss \(ProgressFormat.loss(mean)), \(ProgressFormat.duration(epochSeconds))")
  }

  /// How long training waited for a checkpoint; it goes to the line of the next step.
  func record(checkpointSeconds seconds: Double) { checkpointSeconds = seconds }

  /// Writes the report.
  func finish() throws {
    console.finish()
    try requireOwnDirectory()
    try HTMLReport(
      title: directory.path, lines: try TrainingLog.lines(at: directory.log),
      settings: configuration.entries.map {
        HTMLReport.Setting(name: $0.path.description, value: $0.value, documentation: $0.documentation)
      }
    ).write(to: directory.report)
  }

  func record(_ outcomes: [SaveOutcome]) {
    for outcome in outcomes {
      longestSaveSeconds = max(longestSaveSeconds, outcome.seconds)
      switch outcome.result {
      case .success:
        append(EventRecord("checkpoint", step: outcome.step, [LogField("seconds", .number(outcome.seconds))]))
      case .failure(let error):
        logger.error("the checkpoint of step \(outcome.step) could not be written: \(error)")
        append(
          EventRecord("checkpoint_failed", step: outcome.step, [LogField("reason", .text("\(error)"))]))
      }
    }
  }
}
