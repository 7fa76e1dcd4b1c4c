/// What is known after an optimiser step.
public struct StepRecord: LogRecord, Hashable {
  public var step: Int
  /// Epochs done, with the fraction of the running one.
  public var epoch: Double
  /// Mean over the global batch.
  public var loss: Double
  public var learningRate: Double
  /// Over the step's global batch, all ranks.
  public var imagesPerSecond: Double
  /// From the end of the last step to the end of this one.
  public var stepSeconds: Double
  /// 2-norm over all parameters, before clipping.
  public var gradientNorm: Double?
  /// Waited for images.
  public var dataSeconds: Double?
  public var forwardSeconds: Double?
  public var backwardSeconds: Double?
  /// Waited for the reduction after backward was done.
  public var allreduceSeconds: Double?
  public var optimizerSeconds: Double?
  /// Waited for a checkpoint's copy.
  public var checkpointSeconds: Double?
  /// Took to compare a hash of the parameters over all ranks.
  public var comparisonSeconds: Double?
  /// Of rank 0, in 10⁶ bytes.
  public var residentMegabytes: Double?
  /// Whatever else a component wants to have in the line.
  public var additional: [LogField] = []

  public init(
    step: Int, epoch: Double, loss: Double, learningRate: Double, imagesPerSecond: Double, stepSeconds: Double
  ) {
    (self.step, self.epoch, self.loss, self.learningRate) = (step, epoch, loss, learningRate)
    (self.imagesPerSecond, self.stepSeconds) = (imagesPerSecond, stepSeconds)
  }

  public static let event = "step"
  public var event: String { Self.event }

  private static let required: [(name: String, keyPath: WritableKeyPath<Self, Double> & Sendable)] = [
    ("epoch", \.epoch), ("loss", \.loss), ("learning_rate", \.learningRate),
    ("images_per_second", \.imagesPerSecond), ("step_seconds", \.stepSeconds),
  ]
  private static let optional: [(name: String, keyPath: WritableKeyPath<Self, Double?> & Sendable)] = [
    ("gradient_norm", \.gradientNorm), ("data_seconds", \.dataSeconds), ("forward_seconds", \.forwardSeconds),
    ("backward_seconds", \.backwardSeconds), ("allreduce_seconds", \.allreduceSeconds),
    ("optimizer_seconds", \.optimizerSeconds), ("checkpoint_seconds", \.checkpointSeconds),
    ("comparison_seconds", \.comparisonSeconds), ("resident_mb", \.residentMegabytes),
  ]

  public var fields: [LogField] {
    Self.required.map { LogField($0.name, .number(self[keyPath: $0.keyPath])) }
      + Self.optional.compactMap { name, keyPath in
        self[keyPath: keyPath].map { LogField(name, .number($0)) }
      } + additional
  }

  /// Nil when the line is not a step's. `additional` comes back sorted by name.
  public init?(_ line: LogLine) {
    guard line.event == Self.event else { return nil }
    self.init(step: line.step, epoch: 0, loss: 0, learningRate: 0, imagesPerSecond: 0, stepSeconds: 0)
    for (name, keyPath) in Self.required {
      guard let value = line.values[name]?.double else { return nil }
      self[keyPath: keyPath] = value
    }
    for (name, keyPath) in Self.optional {
      self[keyPath: keyPath] = line.values[name]?.double
    }
    let known = Set(Self.required.map(\.name) + Self.optional.map(\.name))
    additional = line.values.filter { !known.contains($0.key) }.sorted { $0.key < $1.key }
      .map { LogField($0.key, $0.value) }
  }
}

/// What is known after an epoch.
public struct EpochRecord: LogRecord, Hashable {
  /// The epoch's last step.
  public var step: Int
  /// Epochs done, this one included.
  public var epoch: Int
  /// Over the epoch's images.
  public var meanLoss: Double
  public var seconds: Double
  public var additional: [LogField] = []

  public init(step: Int, epoch: Int, meanLoss: Double, seconds: Double) {
    (self.step, self.epoch, self.meanLoss, self.seconds) = (step, epoch, meanLoss, seconds)
  }

  public static let event = "epoch"
  public var event: String { Self.event }

  public var fields: [LogField] {
    [
      LogField("epoch", .integer(epoch)), LogField("mean_loss", .number(meanLoss)),
      LogField("epoch_seconds", .number(seconds)),
    ] + additional
  }

  /// Nil when the line is not an epoch's. `additional` comes back sorted by name.
  public init?(_ line: LogLine) {
    guard line.event == Self.event, case .integer(let epoch)? = line.values["epoch"],
      let meanLoss = line.values["mean_loss"]?.double, let seconds = line.values["epoch_seconds"]?.double
    else { return nil }
    self.init(step: line.step, epoch: epoch, meanLoss: meanLoss, seconds: seconds)
    additional = line.values.filter { !["epoch", "mean_loss", "epoch_seconds"].contains($0.key) }
      .sorted { $0.key < $1.key }.map { LogField($0.key, $0.value) }
  }
}

/// Anything else that happened: a resume, a replaced sample, a checkpoint, a rollback.
public struct EventRecord: LogRecord, Hashable {
  public var event: String
  public var step: Int
  public var fields: [LogField]

  /// - Parameter event: in `snake_case`, and neither `step` nor `epoch`, whose lines have their own records.
  public init(_ event: String, step: Int, _ fields: [LogField] = []) {
    precondition(![StepRecord.event, EpochRecord.event].contains(event), "\(event) has a record of its own")
    (self.event, self.step, self.fields) = (event, step, fields)
  }
}
