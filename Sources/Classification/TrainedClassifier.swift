import Checkpoints
import Compute
import Parameters
import Training
import VisionTransformer

/// A classifier with the weights of a checkpoint, all of them in one arena, whichever part of them was trained. A linear probe's
/// batch normalisation has become part of its head.
public final class TrainedClassifier {
  /// Of this classifier: all of it trained, in single precision.
  public let configuration: ClassificationConfiguration
  /// What its run was told.
  package let recipe: ClassificationConfiguration
  public let classifier: Classifier
  public let parameters: AlignedBuffer<Float>
  /// Of each label; empty where nothing says them.
  public let classNames: [String]
  public let step: Int

  /// A classifier that was put together elsewhere.
  ///
  /// - Parameters:
  ///   - classifier: trains everything, as `configuration` says.
  ///   - recipe: what its run was told, where that was something else.
  package init(
    _ classifier: Classifier, configuration: ClassificationConfiguration, recipe: ClassificationConfiguration? = nil,
    parameters: consuming AlignedBuffer<Float>, classNames: [String], step: Int
  ) {
    precondition(classifier.configuration.trained == .everything, "a classifier whose parameters are in one arena")
    self.configuration = configuration
    self.recipe = recipe ?? configuration
    self.classifier = classifier
    self.parameters = parameters
    self.classNames = classNames
    self.step = step
  }

  /// - Parameters:
  ///   - path: a run directory (its newest valid checkpoint) or a checkpoint.
  ///   - average: whether to take the moving average of the weights.
  public convenience init(checkpoint path: String, average: Bool = false) throws {
    try self.init(Checkpoint.open(path), average: average)
  }

  /// - Parameter average: whether to take the moving average of the weights.
  public convenience init(_ checkpoint: Checkpoint, average: Bool = false) throws {
    try checkpoint.requireTask([ImageClassification.name])
    let recipe = try ClassificationConfiguration.decode(
      yaml: checkpoint.state.configuration, name: "\(checkpoint.path)/state.json")
    var configuration = recipe
    configuration.finetune.trainedBlocks = nil
    configuration.finetune.batchNorm = false
    // What is computed with it here is in single precision.
    configuration.train.precision = .fp32
    let task = try ImageClassification(configuration, from: checkpoint)
    let parameters = AlignedBuffer<Float>(repeating: 0, count: task.table.arenaCount)
    _ = try checkpoint.readTensors(of: task.table, into: parameters.all, but: nil)
    if average {
      guard checkpoint.hasAverage else { throw ClassificationError.noAverage(path: checkpoint.path) }
      try checkpoint.readAverage(of: task.table, into: parameters.all)
    }
    _ = try checkpoint.foldBatchNorm(of: task.table, into: parameters.all)
    self.init(
      task.classifier, configuration: configuration, recipe: recipe, parameters: parameters,
      classNames: checkpoint.state.classNames, step: checkpoint.step)
  }

  /// Of all its parameters.
  package var table: ParameterTable { classifier.tables.trained }
}
