/// What the rules of health judge: a run's history, and what it was told.
struct RunFacts: Sendable {
  let history: RunHistory
  let state: RunState
  private let settings: [String: String]

  init(_ history: RunHistory, settings: [RunSetting], state: RunState) {
    (self.history, self.state) = (history, state)
    self.settings = Dictionary(settings.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
  }

  /// A number of the run's first words.
  private func number(_ name: String) -> Double? { history.start[name]?.double }

  var batchSize: Double? { number("batch_size") }
  var images: Double? { number("images") }
  var totalSteps: Double? { number("last_step") }
  var stepsPerEpoch: Double? { number("steps_per_epoch") }
  var warmupSteps: Double? { number("warmup_steps") }
  /// After the warm-up, as the recipe has it, whether or not the run has come so far.
  var peakLearningRate: Double? { number("peak_learning_rate") }
  /// Whether the loss is over patches of mean 0 and deviation 1, so that 1 is what predicting the mean costs.
  var hasNormalizedPatches: Bool { settings["model.norm_pix"] == "true" }
  /// What runs of this kind take; its beginning is left to the sentence that says it.
  var usualLength: String {
    if settings.keys.contains(where: { $0.hasPrefix("finetune.") }) {
      return "classifiers are mostly trained for thousands"
    }
    if settings["model.norm_pix"] != nil { return "masked autoencoders train for many thousands" }
    return "most training takes thousands"
  }
  var width: Double? { settings["model.encoder.width"].flatMap(Double.init) }

  /// The mean over about the last tenth of the steps.
  var recentLoss: Double? { history.steps["loss"]?.recentMean() }

  /// Of an evaluation's number, its last value; the first of the names that the log has.
  func lastEvaluation(_ isWanted: (String) -> Bool) -> (name: String, value: Double)? {
    for name in history.evaluationNames where isWanted(name) {
      if let value = history.epochs[name]?.last, value.isFinite { return (name, value) }
    }
    return nil
  }
}
