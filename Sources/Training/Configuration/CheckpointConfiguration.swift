import Configuration

/// When checkpoints are written and which are kept. The last step always leaves one.
public struct CheckpointConfiguration: ConfigurationSection, Equatable {
  public var everySteps: Int?
  public var everyEpochs: Int? = 1
  public var keepLast = 3
  public var keepEverySteps: Int?
  public var writers: Int?

  public init() {}

  public static let keys: [ConfigurationKey<Self>] = [
    .optional("every_steps", \.everySteps, "write one after every so many steps", .within(stepRange)),
    .optional("every_epochs", \.everyEpochs, "write one after every so many epochs", .within(epochRange)),
    .value("keep_last", \.keepLast, "newest ones to keep", .within(1...1_000_000)),
    .optional(
      "keep_every_steps", \.keepEverySteps, "keep for ever those of steps divisible by this", .within(stepRange)),
    .optional(
      "writers", \.writers, "ranks that write at the same time; not set: all that see the run directory",
      .within(1...1_000_000)),
  ]

  /// Whether a checkpoint is due after `step` steps.
  public func isDue(after step: Int, stepsPerEpoch: Int) -> Bool {
    if let everySteps, step.isMultiple(of: everySteps) { return true }
    if let everyEpochs, step.isMultiple(of: everyEpochs * stepsPerEpoch) { return true }
    return false
  }
}
