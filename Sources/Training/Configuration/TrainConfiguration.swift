import Configuration
import Optimization

/// The precision of the matrix products.
public enum Precision: String, CaseIterable, ConfigurationValue {
  case fp32
}

/// The recipe of the optimisation; the defaults are He et al. 2022, Table 8.
public struct TrainConfiguration: ConfigurationSection, Equatable {
  public var batchSize = 4096
  public var epochs = 800
  public var steps: Int?
  public var seed: UInt64 = 0
  public var precision = Precision.fp32
  public var baseLearningRate = 1.5e-4
  public var warmupEpochs = 40.0
  public var weightDecay = 0.05
  public var beta1 = 0.9
  public var beta2 = 0.95

  public init() {}

  public static let keys: [ConfigurationKey<Self>] = [
    .value("batch_size", \.batchSize, "global batch: images of one optimiser step over all ranks", .atLeast(1)),
    .value("epochs", \.epochs, "length of the schedule, in passes over the data set", .atLeast(1)),
    .optional("steps", \.steps, "end the run after this step of the schedule", .atLeast(1)),
    .value("seed", \.seed, "of everything random"),
    .value("precision", \.precision, "of the matrix products"),
    .value(
      "base_learning_rate", \.baseLearningRate, "for 256 images; the peak is this x batch_size / 256", .atLeast(0)),
    .value("warmup_epochs", \.warmupEpochs, "linear warm-up from 0, before the cosine", .atLeast(0)),
    .value("weight_decay", \.weightDecay, "of tensors of two or more dimensions", .atLeast(0)),
    .value("beta1", \.beta1, "of the first moment", .atLeast(0), .below(1)),
    .value("beta2", \.beta2, "of the second moment", .atLeast(0), .below(1)),
  ]

  public func validate(at path: ConfigurationPath) throws(ConfigurationError) {
    guard warmupEpochs <= Double(epochs) else {
      throw .invalid(
        path["warmup_epochs"], is: warmupEpochs, "which is more than \(path["epochs"]) (\(epochs)); take less")
    }
  }

  var schedule: LearningRateSchedule {
    LearningRateSchedule(
      baseLearningRate: baseLearningRate, batchSize: batchSize, warmupEpochs: warmupEpochs, epochs: Double(epochs))
  }

  public var optimizer: AdamWConfiguration {
    var optimizer = AdamWConfiguration()
    optimizer.beta1 = beta1
    optimizer.beta2 = beta2
    optimizer.weightDecay = weightDecay
    return optimizer
  }
}
