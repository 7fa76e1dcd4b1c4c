import Configuration
import Datasets
import Evaluation
import Training

extension Pooling: ConfigurationValue {}

/// What is looked at after epochs of pre-training. It changes no bit of the run.
public struct EvaluationConfiguration: ConfigurationSection, Equatable {
  public var everyEpochs: Int?
  public var test: DataPaths = ""
  public var train: DataPaths = ""
  public var mostImages = 10_000
  public var pooling = Pooling.mean

  public init() {}

  public static let keys: [ConfigurationKey<Self>] = [
    .optional(
      "every_epochs", \.everyEpochs,
      "evaluate after every so many epochs, and after the last; null: after every twentieth part of the schedule",
      .within(1...1_000_000)),
    .value(
      "test", \.test,
      "held-out images, as data.path: their reconstruction loss, and what the encoder makes of them: the features' effective "
        + "rank (RankMe), and k-NN where they have labels; nothing: no evaluation"),
    .value(
      "train", \.train,
      "labelled images that k-NN and logistic regression learn from; nothing: k-NN of the test images among themselves"),
    .value("max_images", \.mostImages, "of each set at most so many, spread evenly", .within(2...10_000_000)),
    .value("pool", \.pooling, "the features: cls or mean"),
  ]

  public func validate(at path: ConfigurationPath) throws(ConfigurationError) {
    guard pooling != .patches else {
      throw .invalid(path["pool"], is: pooling, "which gives many vectors of an image; take cls or mean")
    }
    if !train.isEmpty, test.isEmpty {
      throw .invalid(
        path["train"], is: train, "and \(path["test"]) is empty; name the images to be judged by, or leave both out")
    }
  }

  /// Whether to evaluate after an epoch.
  func isDue(afterEpoch epoch: Int, of epochs: Int) -> Bool {
    epoch == epochs || epoch.isMultiple(of: everyEpochs ?? max(1, epochs / 20))
  }
}
