import Checkpoints
import Compute
import Foundation
import Logging
import MaskedAutoencoder
import Reporting

/// What rank 0 writes: the run directory's files, and the console.
final class RunRecorder {
  private let directory: RunDirectory
  private let configuration: RunConfiguration
  private let lock: RunLock
  private let console: ConsoleProgress
  let logger: Logger
  private let store: CheckpointStore
  private let writer: CheckpointWriter
  private var log: TrainingLog?
  private var epochLosses: [Double] = []
  private var epochSeconds = 0.0
  private var checkpointSeconds: Double?

  /// Takes the run directory; what an earlier run left in it stays as it is.
  init(_ configuration: RunConfiguration, _ options: PretrainingOptions, table: ParameterTable) throws {
    directory = options.runDirectory
    self.configuration = configuration
    let console = ConsoleProgress()
    self.console = console
    logger = Logger(label: "mae") { _ in ConsoleLogHandler(console: console) }
    if options.resume == .none, directory.holdsRun { throw TrainingError.runExists(path: directory.path) }
    try directory.create()
    lock = try RunLock(runDirectory: directory.path)
    store = CheckpointStore(directory: directory.checkpoints)
    writer = CheckpointWriter(
      store: store, layout: CheckpointLayout(table),
      retention: CheckpointRetention(
        keepLast: configuration.checkpoint.keepLast, keepEverySteps: configuration.checkpoint.keepEverySteps))
  }

  /// Opens the log behind `step`, and writes down the configuration.
  func begin(after step: Int, resume: ResumeChoice, stepsPerEpoch: Int) throws {
    if case .checkpoint = resume, let newest = try store.steps().max(), newest > step {
      throw TrainingError.laterCheckpoints(runDirectory: directory.path, step: step, newest: newest)
    }
    for name in try store.removeHalfWritten() { logger.info("removed the unfinished checkpoint \(name)") }
    for later in try store.discard(newerThan: step) {
      logger.warning("removed the checkpoint of step \(later), which is not valid")
    }
    try directory.write(configuration: configuration.yaml(documented: true))
    log = try TrainingLog.resume(at: directory.log, after: step).log
    if step > 0 { try log?.append(EventRecord("resume", step: step)) }
    let epochStart = step / stepsPerEpoch * stepsPerEpoch
    for record in try TrainingLog.lines(at: directory.log, after: epochStart).compactMap(StepRecord.init) {
      epochLosses.append(record.loss)
      epochSeconds += record.stepSeconds
    }
  }

  func record(
    _ result: StepResult, epoch: Double, lastStep: Int, totalEpochs: Int, seconds: Double, imagesPerStep: Int,
    stepsPerEpoch: Int
  ) throws {
    var record = StepRecord(
      step: result.step, epoch: epoch, loss: result.loss, learningRate: result.learningRate,
      imagesPerSecond: Double(imagesPerStep) / seconds, stepSeconds: seconds)
    record.gradientNorm = result.gradientNorm
    record.dataSeconds = result.times.data
    record.forwardSeconds = result.times.forward
    record.backwardSeconds = result.times.backward
    record.allreduceSeconds = result.times.allreduce
    record.optimizerSeconds = result.times.optimizer
    record.residentMegabytes = try SystemUsage.current().residentMegabytes
    (record.checkpointSeconds, checkpointSeconds) = (checkpointSeconds, nil)
    try log?.append(record)
    console.report(
      ProgressSnapshot(
        step: result.step, totalSteps: lastStep, epoch: epoch, totalEpochs: Double(totalEpochs), loss: result.loss,
        learningRate: result.learningRate, gradientNorm: result.gradientNorm,
        imagesPerSecond: record.imagesPerSecond))
    epochLosses.append(result.loss)
    epochSeconds += seconds
    if result.step.isMultiple(of: stepsPerEpoch) { try endEpoch(result.step / stepsPerEpoch, step: result.step) }
  }

  func record(badSamples names: String, step: Int) throws {
    for name in names.split(separator: "\n") {
      logger.warning("replaced a picture that does not decode: \(name)")
      try log?.append(EventRecord("bad_sample", step: step, [LogField("reason", .text(String(name)))]))
    }
  }

  private func endEpoch(_ epoch: Int, step: Int) throws {
    let mean = epochLosses.reduce(0, +) / Double(epochLosses.count)
    try log?.append(EpochRecord(step: step, epoch: epoch, meanLoss: mean, seconds: epochSeconds))
    logger.info("epoch \(epoch): mean loss \(ProgressFormat.loss(mean)), \(ProgressFormat.duration(epochSeconds))")
    epochLosses = []
    epochSeconds = 0
  }

  func save(_ state: CheckpointState, parameters: Vector, moments: [Vector]) throws {
    let report = writer.submit(parameters: parameters, moments: moments, state: state)
    checkpointSeconds = report.secondsWaited + report.secondsCopying
    try account(for: report.outcomes)
  }

  /// Waits for the last checkpoint.
  ///
  /// - Throws: it could not be written.
  func finish() throws {
    try account(for: try writer.finish())
    console.finish()
  }

  private func account(for outcomes: [SaveOutcome]) throws {
    for outcome in outcomes {
      switch outcome.result {
      case .success:
        try log?.append(EventRecord("checkpoint", step: outcome.step, [LogField("seconds", .number(outcome.seconds))]))
      case .failure(let error):
        logger.error("the checkpoint of step \(outcome.step) could not be written: \(error)")
        try log?.append(
          EventRecord("checkpoint_failed", step: outcome.step, [LogField("reason", .text("\(error)"))]))
      }
    }
  }
}
