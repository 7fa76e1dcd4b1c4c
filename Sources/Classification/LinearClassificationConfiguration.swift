import Compute
import Configuration
import Imaging
import Training

/// All that a run of linear classification is told. The whole image is taken as it is, without crops and mirroring, unless
/// the configuration says otherwise: what stands where is all that such a classifier sees.
public struct LinearClassificationConfiguration: TaskConfiguration {
  public var model = LinearClassifierConfiguration()
  public var run = RunConfiguration()

  public init() {
    run.data.randomCrop = false
    run.data.flip = .none
    run.train.batchSize = 256
    run.train.epochs = 20
    run.train.warmupEpochs = 1
    run.train.baseLearningRate = 1e-3
    run.train.weightDecay = 0
    run.train.beta2 = 0.999
  }

  public static let keys: [ConfigurationKey<Self>] =
    [.section("model", \.model, "the classifier")] + runKeys

  public func validate(at path: ConfigurationPath) throws(ConfigurationError) {
    guard train.precision == .fp32 else {
      throw .invalid(
        path["train"]["precision"], is: train.precision, "but a linear classifier is trained in fp32; take that")
    }
    try requireCountable(estimatedParameterBytes / 4, at: path)
    try validateRun(at: path)
  }

  public var imageShape: ImageShape {
    ImageShape(channels: model.channels, height: model.imageSize.height, width: model.imageSize.width)
  }

  public var estimatedParameterBytes: Double { 4 * Double(model.classes) * Double(imageShape.count) }

  /// Of one column for each class: none of the size that kernels are chosen for.
  public var matrixProducts: [MatrixProduct] { [] }
}
