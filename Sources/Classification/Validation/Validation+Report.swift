import Evaluation
import Files

extension Validation {
  /// What the validation came to in full, as every evaluation says it; nil where an image has no answer.
  ///
  /// - Parameter facts: about the model that was tried.
  func evaluationResult(
    _ result: ValidationResult, _ facts: [(name: String, value: String)]
  ) -> EvaluationResult? {
    guard let report = result.report else { return nil }
    return EvaluationResult(
      title: "validation",
      facts: facts + [
        ("test", "\(result.imageCount) images of \(escaped(data[0].path.description))"),
        ("classes", "\(classes.names.count)"), ("crop fraction", "\(configuration.validation.cropFraction)"),
        ("loss", "\(result.loss)"),
      ], notes: notes(result),
      rows: [EvaluationResult.Row(features: "classifier", setting: ("weights", "trained"), report: report)], main: 0)
  }

  private func notes(_ result: ValidationResult) -> [String] {
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
