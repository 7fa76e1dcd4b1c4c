import Compute
import Configuration
import Imaging
import MaskedAutoencoder
import Training

/// All that a run of pre-training is told: `configs/*.yaml`, and `--set` over it.
public struct PretrainingConfiguration: TaskConfiguration {
  public var model = ModelConfiguration()
  public var run = RunConfiguration()

  public init() {}

  public static let keys: [ConfigurationKey<Self>] =
    [.section("model", \.model, "the masked autoencoder")] + runKeys

  public var imageShape: ImageShape {
    ImageShape(channels: model.channels, height: model.imageSize.height, width: model.imageSize.width)
  }

  public var matrixProducts: [MatrixProduct] { model.matrixProducts(images: imagesPerVirtualWorker) }
}
