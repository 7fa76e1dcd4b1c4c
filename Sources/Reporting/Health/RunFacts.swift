/// What the rules of health judge: a run's history, and what it was told.
struct RunFacts: Sendable {
  let history: RunHistory
  let state: RunState
  private let settings: [String: String]

  init(_ history: RunHistory, settings: [RunSetting], state: RunState) {
    (self.history, self.state) = (history, state)
    self.settings = Dictionary(settings.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
  }

  /// A count of the run's first words; nil too where the log has what is none, since a log is a file, and files are edited.
  private func count(_ name: String) -> Int? {
    history.start[name]?.double.flatMap(Int.init(exactly:)).flatMap { $0 < 0 ? nil : $0 }
  }

  var batchSize: Int? { count("batch_size").flatMap { $0 == 0 ? nil : $0 } }
  var images: Int? { count("images") }
  var totalSteps: Int? { count("last_step") }
  var stepsPerEpoch: Int? { count("steps_per_epoch") }
  var warmupSteps: Int? { count("warmup_steps") }
  /// Whether the first weights were those of another run, of which the loss may be low from the first step on.
  var beganWithWeights: Bool {
    guard case .text(let command)? = history.start["command"] else { return false }
    return command.contains("--init-from")
  }
  /// Whether all of the learning rate has had a step to show what it does.
  var isPastWarmup: Bool { history.lastStep > warmupSteps ?? 0 }
  /// After the warm-up, as the recipe has it, whether or not the run has come so far.
  var peakLearningRate: Double? { history.start["peak_learning_rate"]?.double }
  /// Whether images are what is to be predicted, and not their classes.
  var isPretraining: Bool { settings["model.norm_pix"] != nil && !isFineTuning }
  private var isFineTuning: Bool { settings.keys.contains { $0.hasPrefix("finetune.") } }
  /// Whether the loss is over patches of mean 0 and deviation 1, so that 1 is what predicting the mean costs.
  var hasNormalizedPatches: Bool { settings["model.norm_pix"] == "true" }
  /// What runs of this kind take; its beginning is left to the sentence that says it.
  var usualLength: String {
    if isFineTuning { return "classifiers are mostly trained for thousands" }
    return isPretraining ? "masked autoencoders train for many thousands" : "most training takes thousands"
  }
  var width: Double? { settings["model.encoder.width"].flatMap(Double.init) }

  /// Of images that are not trained on.
  var heldOutLoss: (name: String, value: Double)? {
    lastEvaluation { $0.contains("loss") && !BaselineName.isBaseline($0) }
  }

  /// What predicting each patch's mean costs on these images.
  var meanBaseline: Double? {
    lastEvaluation { BaselineName.isBaseline($0) && $0.contains("mean") }?.value
  }

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
