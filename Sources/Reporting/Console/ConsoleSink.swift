import Foundation
import Logging

/// Shows steps as the line of progress, and epochs as a line that stays; of epochs that take less than ten seconds one in ten
/// seconds, and of those that have been evaluated another one.
public final class ConsoleSink: RecordSink {
  private let console: ConsoleProgress
  private let logger: Logger
  private let totalSteps: Int
  private let totalEpochs: Int
  /// Of training and evaluating, since the last line of an epoch, and of one that had been evaluated.
  private var secondsSinceLine = Double.infinity
  private var secondsSinceEvaluation = Double.infinity

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
      let seconds = epoch.seconds + (epoch.evaluationSeconds ?? 0)
      secondsSinceLine += seconds
      secondsSinceEvaluation += seconds
      let isEvaluationDue = !epoch.evaluation.isEmpty && secondsSinceEvaluation >= Self.secondsBetweenLines
      guard secondsSinceLine >= Self.secondsBetweenLines || isEvaluationDue || epoch.step >= totalSteps else { return }
      secondsSinceLine = 0
      if !epoch.evaluation.isEmpty { secondsSinceEvaluation = 0 }
      let figures =
        ["mean loss \(ProgressFormat.loss(epoch.meanLoss))"] + epoch.meanMetrics.map { "mean \($0.text)" }
        + epoch.evaluation.map(\.text)
      let share = epoch.evaluationShare.map { " (\(Self.percent($0)) of the time)" } ?? ""
      let evaluation = epoch.evaluationSeconds.map { ", \(ProgressFormat.duration($0)) more to evaluate\(share)" } ?? ""
      let time = ProgressFormat.duration(epoch.seconds)
      logger.info("epoch \(epoch.epoch): \(figures.joined(separator: ", ")), \(time)\(evaluation)")
    case .start, .end, .event: break
    }
  }

  /// `2 %`, `under 1 %`.
  private static func percent(_ share: Double) -> String {
    share < 0.01 ? "under 1 %" : String(format: "%.0f %%", share * 100)
  }
}

extension MetricValue {
  /// `accuracy 0.8432`.
  var text: String { "\(metric.title) \(ProgressFormat.loss(value))" }
}
