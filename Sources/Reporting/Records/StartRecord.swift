/// What a run says of itself each time that it begins or goes on: what it is, how long it is to be, and where it runs.
public struct StartRecord: LogRecord, Hashable {
  public var step: Int
  /// What it is, for people: `Masked autoencoder pre-training`.
  public var title: String
  public var stepsPerEpoch: Int
  /// The step at which it is to end.
  public var lastStep: Int
  /// Steps until the learning rate is at its peak.
  public var warmupSteps: Int
  public var peakLearningRate: Double
  /// Images of a step, over all ranks.
  public var batchSize: Int
  /// Images of the data set.
  public var images: Int
  /// The settings that differ from what they are unless they are given.
  public var changedSettings: [String] = []
  /// Where it runs: names in `snake_case`, which the page shows as words.
  public var environment: [LogField] = []

  public init(
    step: Int, title: String, stepsPerEpoch: Int, lastStep: Int, warmupSteps: Int, peakLearningRate: Double,
    batchSize: Int, images: Int
  ) {
    (self.step, self.title, self.stepsPerEpoch, self.lastStep) = (step, title, stepsPerEpoch, lastStep)
    (self.warmupSteps, self.peakLearningRate) = (warmupSteps, peakLearningRate)
    (self.batchSize, self.images) = (batchSize, images)
  }

  public static let event = "start"
  public var event: String { Self.event }

  /// The names of those that are no part of the environment.
  static let ownNames: Set<String> = [
    "title", "steps_per_epoch", "last_step", "warmup_steps", "peak_learning_rate", "batch_size", "images",
    "changed_settings",
  ]

  public var fields: [LogField] {
    [
      LogField("title", .text(title)), LogField("steps_per_epoch", .integer(stepsPerEpoch)),
      LogField("last_step", .integer(lastStep)), LogField("warmup_steps", .integer(warmupSteps)),
      LogField("peak_learning_rate", .number(peakLearningRate)), LogField("batch_size", .integer(batchSize)),
      LogField("images", .integer(images)), LogField("changed_settings", .list(changedSettings.map(LogValue.text))),
    ] + environment
  }
}

/// How a run ended. One that is killed leaves none.
public struct EndRecord: LogRecord, Hashable {
  public var step: Int
  public var ending: RunHistory.Ending

  public init(step: Int, _ ending: RunHistory.Ending) {
    (self.step, self.ending) = (step, ending)
  }

  public static let event = "end"
  public var event: String { Self.event }

  public var fields: [LogField] {
    switch ending {
    case .completed: [LogField("outcome", "completed")]
    case .stopped: [LogField("outcome", "stopped")]
    case .failed(let reason): [LogField("outcome", "failed"), LogField("reason", .text(reason))]
    }
  }

  /// Nil when the line is no end's.
  init?(_ line: LogLine) {
    guard line.event == Self.event, case .text(let outcome)? = line.values["outcome"] else { return nil }
    step = line.step
    switch outcome {
    case "completed": ending = .completed
    case "stopped": ending = .stopped
    case "failed":
      guard case .text(let reason)? = line.values["reason"] else { return nil }
      ending = .failed(reason: reason)
    default: return nil
    }
  }
}
