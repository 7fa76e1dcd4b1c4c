import Logging

/// Shows steps as the line of progress, and epochs as a line that stays; of epochs that take less than ten seconds those that
/// have been evaluated, and of the others one in ten seconds.
public final class ConsoleSink: RecordSink {
  private let console: ConsoleProgress
  private let logger: Logger
  private let totalSteps: Int
  private let totalEpochs: Int
  /// Of training, since the last line of an epoch.
  private var secondsSinceLine = Double.infinity

  private static let secondsBetweenLines = 10.0

  public init(_ console: ConsoleProgress, logger: Logger, totalSteps: Int, totalEpochs: Int) {
    self.console = console
    self.logger = logger
    self.totalSteps = totalSteps
    self.totalEpochs = totalEpochs
  }

  public func take(_ record: RunRecord) {
    switch record {
    case .step(let step):
      console.report(ProgressSnapshot(step, totalSteps: totalSteps, totalEpochs: Double(totalEpochs)))
    case .epoch(let epoch):
      secondsSinceLine += epoch.seconds
      guard secondsSinceLine >= Self.secondsBetweenLines || !epoch.evaluation.isEmpty || epoch.step >= totalSteps
      else { return }
      secondsSinceLine = 0
      let figures =
        ["mean loss \(ProgressFormat.loss(epoch.meanLoss))"] + epoch.meanMetrics.map { "mean \($0.text)" }
        + epoch.evaluation.map(\.text)
      let evaluation = epoch.evaluationSeconds.map { ", \(ProgressFormat.duration($0)) more to evaluate" } ?? ""
      let time = ProgressFormat.duration(epoch.seconds)
      logger.info("epoch \(epoch.epoch): \(figures.joined(separator: ", ")), \(time)\(evaluation)")
    case .start, .end, .event: break
    }
  }
}

extension MetricValue {
  /// `accuracy 0.8432`.
  var text: String { "\(metric.title) \(ProgressFormat.loss(value))" }
}
