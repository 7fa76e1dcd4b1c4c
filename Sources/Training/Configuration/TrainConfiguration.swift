import Compute
import Configuration
import Optimization

extension Precision: ConfigurationValue {}
extension Recompute: ConfigurationValue {}

/// What to do about a step whose loss or gradient is not finite.
public enum NonFinitePolicy: String, CaseIterable, ConfigurationValue {
  /// End the run with a checkpoint of the state before it.
  case stop
  /// Leave the step out.
  case skip
  /// Go back to the last checkpoint; end the run where the same step is not finite again.
  case rollback
}

/// What turns gradients into updates.
public enum OptimizerName: String, CaseIterable, ConfigurationValue {
  case adamw, lars
}

/// Images of a step: far above what any recipe takes, and far below where sizes stop to be numbers of bytes.
let batchRange = 1...(1 << 20)
let epochRange = 1...1_000_000
let stepRange = 1...1_000_000_000_000

/// The recipe of the optimisation; the defaults are He et al. 2022, Table 8.
public struct TrainConfiguration: ConfigurationSection, Equatable {
  public var batchSize = 4096
  public var epochs = 800
  public var steps: Int?
  public var timeLimit: TimeSpan?
  public var seed: UInt64 = 0
  public var precision = Precision.fp32
  public var recompute = Recompute.none
  public var optimizer = OptimizerName.adamw
  public var baseLearningRate = 1.5e-4
  public var minimumLearningRate = 0.0
  public var warmupEpochs: Double?
  public var weightDecay = 0.05
  public var beta1 = 0.9
  public var beta2 = 0.95
  public var nonFinite = NonFinitePolicy.stop
  public var compareEverySteps = 100

  public init() {}

  public static let keys: [ConfigurationKey<Self>] = [
    .value("batch_size", \.batchSize, "global batch: images of one optimiser step over all ranks", .within(batchRange)),
    .value("epochs", \.epochs, "length of the schedule, in passes over the data set", .within(epochRange)),
    .optional("steps", \.steps, "end the run after this step of the schedule", .within(stepRange)),
    .optional(
      "time_limit", \.timeLimit, "stop with a checkpoint before the program has run so long",
      .above(TimeSpan(seconds: 0))),
    .value("seed", \.seed, "of everything random"),
    .value("precision", \.precision, "of the matrix products"),
    .value("recompute", \.recompute, "what backward computes again instead of keeping it; changes no bit"),
    .value(
      "optimizer", \.optimizer,
      "adamw, or lars for linear probes: its momentum is beta1, and it takes no parallel.shard_optimizer"),
    .value(
      "base_learning_rate", \.baseLearningRate, "for 256 images; the peak is this x batch_size / 256",
      .within(0...1e38)),
    .value(
      "min_learning_rate", \.minimumLearningRate, "what the cosine ends at, whatever the batch", .within(0...1e38)),
    .optional(
      "warmup_epochs", \.warmupEpochs,
      "linear warm-up from 0, before the cosine; null: 40, or a twentieth of fewer epochs than 800",
      .atLeast(0)),
    .value("weight_decay", \.weightDecay, "of tensors of two or more dimensions", .within(0...1_000)),
    .value("beta1", \.beta1, "of the first moment", .atLeast(0), .below(1)),
    .value("beta2", \.beta2, "of the second moment", .atLeast(0), .below(1)),
    .value("non_finite", \.nonFinite, "what to do about a step whose loss or gradient is not finite"),
    .value(
      "compare_every_steps", \.compareEverySteps, "ranks compare a hash of their parameters this often",
      .within(stepRange)),
  ]

  public func validate(at path: ConfigurationPath) throws(ConfigurationError) {
    if let warmupEpochs, warmupEpochs > Double(epochs) {
      throw .invalid(
        path["warmup_epochs"], is: warmupEpochs, "which is more than \(path["epochs"]) (\(epochs)); take less")
    }
  }

  var schedule: LearningRateSchedule {
    LearningRateSchedule(
      baseLearningRate: baseLearningRate, batchSize: batchSize, warmupEpochs: resolvedWarmupEpochs,
      epochs: Double(epochs), minimum: minimumLearningRate)
  }

  /// The warm-up of a recipe that does not say: the paper's 40 epochs of 800, and as large a share of a shorter schedule.
  public var resolvedWarmupEpochs: Double { warmupEpochs ?? min(40, 0.05 * Double(epochs)) }

  /// The optimiser of an arena with these groups.
  public func optimizer(of groups: [ParameterGroup]) -> any Optimizer {
    switch optimizer {
    case .adamw:
      var constants = AdamWConfiguration()
      constants.beta1 = beta1
      constants.beta2 = beta2
      return AdamW(constants, groups: groups)
    case .lars:
      var constants = LARSConfiguration()
      constants.momentum = beta1
      return LARS(constants, groups: groups)
    }
  }

  /// The names of its moments in checkpoints.
  public var momentNames: [String] {
    switch optimizer {
    case .adamw: Self.momentNames
    case .lars: LARS.momentNames
    }
  }

  /// Those of AdamW, the optimiser of pre-training unless it is told otherwise.
  public static var momentNames: [String] { AdamW.momentNames }
}
