import Checkpoints
import Classification
import Compute
import Parameters
import Training
import VisionTransformer

/// A classifier with the weights of a checkpoint, all of them in one arena, whichever part of them was trained.
public final class TrainedClassifier {
  public let configuration: ClassificationConfiguration
  public let classifier: Classifier
  public let parameters: AlignedBuffer<Float>
  /// Of each label; empty where nothing says them.
  public let classNames: [String]
  public let step: Int

  /// A classifier that was put together elsewhere.
  ///
  /// - Parameter classifier: trains everything, as `configuration` says.
  init(
    _ classifier: Classifier, configuration: ClassificationConfiguration, parameters: consuming AlignedBuffer<Float>,
    classNames: [String], step: Int
  ) {
    precondition(classifier.configuration.trained == .everything, "a classifier whose parameters are in one arena")
    self.configuration = configuration
    self.classifier = classifier
    self.parameters = parameters
    self.classNames = classNames
    self.step = step
  }

  /// - Parameters:
  ///   - path: a run directory (its newest valid checkpoint) or a checkpoint.
  ///   - average: whether to take the moving average of the weights.
  public convenience init(checkpoint path: String, average: Bool = false) throws {
    let checkpoint = try Checkpoint.open(path)
    try checkpoint.requireTask([ImageClassification.name])
    var configuration = try ClassificationConfiguration.decode(
      yaml: checkpoint.state.configuration, name: "\(checkpoint.path)/state.json")
    configuration.finetune.trainedBlocks = nil
    // What is computed with it here is in single precision.
    configuration.train.precision = .fp32
    let task = try ImageClassification(configuration, from: checkpoint)
    let parameters = AlignedBuffer<Float>(repeating: 0, count: task.table.arenaCount)
    try checkpoint.readTensors(of: task.table, into: parameters.all) { _ in false }
    if average {
      guard checkpoint.hasAverage else { throw InteroperabilityError.noAverage(path: checkpoint.path) }
      try checkpoint.readAverage(of: task.table, into: parameters.all)
    }
    self.init(
      task.classifier, configuration: configuration, parameters: parameters, classNames: checkpoint.state.classNames,
      step: checkpoint.step)
  }

  /// Of all its parameters.
  var table: ParameterTable { classifier.tables.trained }
}
