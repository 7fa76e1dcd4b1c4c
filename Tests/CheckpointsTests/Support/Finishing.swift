import Checkpoints

extension CheckpointWriter {
  /// The saves that came to their end since the last report.
  func finish() throws(CheckpointError) -> [SaveOutcome] {
    var outcomes: [SaveOutcome] = []
    try finish { outcomes = $0 }
    return outcomes
  }
}
