import Checkpoints
import Compute
import Datasets
import Parameters
import Reporting
import Training

/// Training a linear classifier on the pixels of labelled images: what a network has to beat.
public struct LinearClassification: TrainingTask {
  public static let name = "linear classification"
  public static let title = "Linear classification of pixels"
  /// The share of images whose class has the largest logit, before the step's update.
  public static let metrics = [Metric(name: "accuracy")]

  public let configuration: LinearClassificationConfiguration
  private let model: LinearClassifier
  private let normalization: Normalization

  /// Everything is in the configuration.
  public init(_ configuration: LinearClassificationConfiguration, from checkpoint: Checkpoint? = nil) {
    self.configuration = configuration
    model = LinearClassifier(configuration.model)
    normalization = configuration.data.normalization
  }

  public var table: ParameterTable { model.table }

  public var summary: String {
    let model = configuration.model
    return
      "\(inMillions(table.parameterCount)) parameters, \(model.imageSize.height) x \(model.imageSize.width) pixels, "
      + "\(model.classes) classes"
  }

  public static func check(
    _ source: any ImageSource, for configuration: LinearClassificationConfiguration
  ) throws(TrainingError) {
    let (found, wanted) = (source.classNames.count, configuration.model.classes)
    guard found > 0 else {
      throw .unsuitableData(
        path: configuration.data.path.description,
        reason: "they have no labels; give a folder with a subfolder for each class, or an IDX file with its labels")
    }
    guard found == wanted else {
      throw .unsuitableData(
        path: configuration.data.path.description,
        reason: "they are of \(found) classes, and model.classes is \(wanted)")
    }
  }

  public func memories(_ need: MemoryNeed, gradient: Vector) -> [ClassifierMemory] {
    (0..<need.threads).map { _ in ClassifierMemory(imageCount: need.images, configuration.model) }
  }

  public func memoryBytes(_ need: MemoryNeed) -> Int {
    need.threads * ClassifierMemory.bytes(imageCount: need.images, configuration.model)
  }

  public func load(_ images: Range<Int>, of batch: borrowing Batch, into memory: ClassifierMemory) {
    for (row, image) in images.enumerated() {
      normalization.apply(to: batch.pixels(of: image), into: memory.images.row(row))
      guard let label = batch.labels[image] else { preconditionFailure("the data was checked to have labels") }
      memory.labels[row] = label
    }
  }

  public func forward(
    parameters: Vector, rounded: VectorView<BFloat16>, memory: ClassifierMemory, metrics: VectorView<Double>
  ) -> Double {
    let sums = model.forward(parameters: parameters, memory: memory)
    metrics[0] = Double(sums.correct)
    return sums.loss
  }

  public func backward(
    parameters: Vector, rounded: VectorView<BFloat16>, memory: ClassifierMemory, receiver: some GradientReceiver
  ) {
    model.backward(memory: memory, receiver: receiver)
  }

  public func showActivations(of memory: ClassifierMemory, _ show: (_ name: String, _ values: Matrix) -> Void) {
    show("images", memory.images)
    show("head.gradient", memory.logitGradients)
  }
}
