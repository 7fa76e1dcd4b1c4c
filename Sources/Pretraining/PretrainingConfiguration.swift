import Compute
import Configuration
import Imaging
import MaskedAutoencoder
import Training

/// All that a run of pre-training is told: `configs/*.yaml`, and `--set` over it.
public struct PretrainingConfiguration: TaskConfiguration {
  public var model = ModelConfiguration()
  public var evaluation = EvaluationConfiguration()
  public var run = RunConfiguration()
  public var gallery = GalleryConfiguration()

  public init() {}

  public static let freeSections = ["gallery", "eval"]

  public static let keys: [ConfigurationKey<Self>] =
    [.section("model", \.model, "the masked autoencoder")] + runKeys
    + [
      .section("gallery", \.gallery, "what the model makes of masked images, to be looked at; changes no bit"),
      .section("eval", \.evaluation, "what is looked at after epochs; it changes no bit"),
    ]

  public var imageShape: ImageShape {
    ImageShape(channels: model.channels, height: model.imageSize.height, width: model.imageSize.width)
  }

  public var estimatedParameterBytes: Double { model.estimatedParameterBytes }

  public func validate(at path: ConfigurationPath) throws(ConfigurationError) {
    // Of each image of a virtual worker, what every layer made.
    try requireCountable(Double(imagesPerVirtualWorker) * model.estimatedActivations, at: path)
    try validateRun(at: path)
  }

  public var matrixProducts: [MatrixProduct] { model.matrixProducts(images: imagesPerVirtualWorker) }
}
