import Reporting
import Training

/// Several things that look at a model after epochs, each when it is due, one after another.
final class EpochEvaluations: EpochEvaluation {
  private let parts: [any EpochEvaluation]

  private let epochs: Int

  /// - Parameters:
  ///   - parts: those that there are; with none of them there is nothing to evaluate.
  ///   - epochs: of the schedule.
  init?(_ parts: [(any EpochEvaluation)?], epochs: Int) {
    self.parts = parts.compactMap(\.self)
    self.epochs = epochs
    if self.parts.isEmpty { return nil }
  }

  var data: [EvaluationData] { parts.flatMap(\.data) }
  var notes: [String] { parts.flatMap(\.notes) }

  func isDue(afterEpoch epoch: Int, of epochs: Int) -> Bool {
    parts.contains { $0.isDue(afterEpoch: epoch, of: epochs) }
  }

  func evaluate(_ state: EvaluationState) throws -> [MetricValue] {
    var values: [MetricValue] = []
    for part in parts where part.isDue(afterEpoch: state.epoch, of: epochs) { values += try part.evaluate(state) }
    return values
  }
}
