import Evaluation
import Files

extension Validation {
  /// What the validation came to in full, as every evaluation says it, of the moving average first where there is one; nil where an
  /// image has no answer.
  ///
  /// - Parameter facts: about the model that was tried.
  func evaluationResult(
    _ results: ValidationResults, _ facts: [(name: String, value: ResultValue)]
  ) -> EvaluationResult? {
    let (trained, average) = (results.trained, results.average)
    guard let trainedReport = trained.report, (average == nil) == (average?.report == nil) else { return nil }
    func row(_ weights: String, _ report: ClassificationReport) -> EvaluationResult.Row {
      EvaluationResult.Row(features: "classifier", setting: ("weights", .text(weights)), report: report)
    }
    var own: [(name: String, value: ResultValue)] = [
      ("test", .text("\(trained.imageCount) images of \(escaped(data[0].path.description))")),
      ("classes", .count(classes.names.count)), ("crop fraction", .number(configuration.validation.cropFraction)),
      ("loss", .number(trained.loss)),
    ]
    if let average { own.append(("EMA loss", .number(average.loss))) }
    let averageRow = average?.report.map { row("EMA", $0) }
    return EvaluationResult(
      title: "validation", facts: facts + own, notes: remarks(trained),
      rows: (averageRow.map { [$0] } ?? []) + [row("trained", trainedReport)], main: 0)
  }

  private func remarks(_ result: ValidationResult) -> [String] {
    var notes: [String] = []
    if classes.leftOut > 0 {
      notes.append(
        "the choice is among the \(classes.names.count) classes that the images have, of "
          + "\(classes.names.count + classes.leftOut)")
    }
    if result.leftOut > 0 { notes.append("\(result.leftOut) images cannot be used and were left out") }
    return notes
  }
}
