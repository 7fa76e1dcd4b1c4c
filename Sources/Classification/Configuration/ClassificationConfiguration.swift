import Compute
import Configuration
import Imaging
import Training
import VisionTransformer

/// All that a run of training a classifier is told.
public struct ClassificationConfiguration: TaskConfiguration {
  public var model = ClassifierSection()
  public var finetune = FinetuneSection()
  public var validation = ValidationSection()
  public var run = RunConfiguration()

  public init() {
    run.data.cropScale = [0.08, 1]
    run.data.randAugment = RandAugment()
    run.train.batchSize = 1024
    run.train.epochs = 100
    run.train.baseLearningRate = 5e-4
    run.train.minimumLearningRate = 1e-6
    run.train.beta2 = 0.999
  }

  public static let keys: [ConfigurationKey<Self>] =
    [
      .section("model", \.model, "the classifier"),
      .section("finetune", \.finetune, "what is trained of it, and on what"),
      .section("validation", \.validation, "what it is tried on"),
    ] + runKeys

  /// What it is tried on is no part of the recipe.
  public static let freeSections = ["validation"]

  public func validate(at path: ConfigurationPath) throws(ConfigurationError) {
    let finetune = path["finetune"]
    if let blocks = self.finetune.trainedBlocks, blocks > Double(model.encoder.depth) {
      throw .invalid(
        finetune["trained_blocks"], is: blocks,
        "and the encoder has \(model.encoder.depth) blocks; take null to train the embedding too")
    }
    if self.finetune.mixing.isOn, !imagesPerVirtualWorker.isMultiple(of: 2) {
      throw .invalid(
        path["parallel"]["virtual_workers"], is: virtualWorkers,
        "which leaves each \(imagesPerVirtualWorker) images, and they are mixed in pairs; take another number, or set "
          + "\(finetune["mixup"]) and \(finetune["cutmix"]) to 0")
    }
    if data.randAugment != nil, let refusal = RandAugment.refusal(.uint8, channels: model.channels) {
      throw ConfigurationError(
        .invalid, at: path["data"]["rand_augment"], "\(refusal); set \(path["data"]["rand_augment"]) to null")
    }
    try requireCountable(Double(imagesPerVirtualWorker) * model.estimatedActivations, at: path)
    try validateRun(at: path)
  }

  public var imageShape: ImageShape {
    ImageShape(channels: model.channels, height: model.imageSize.height, width: model.imageSize.width)
  }

  public var estimatedParameterBytes: Double { model.estimatedParameterBytes }

  public var matrixProducts: [MatrixProduct] { classifier.matrixProducts(images: imagesPerVirtualWorker) }

  package var classifier: ClassifierConfiguration {
    ClassifierConfiguration(
      encoder: model.encoderConfiguration, pooling: model.pooling, classes: model.classes,
      trained: finetune.trainedPart, normalizesBatch: finetune.batchNorm)
  }
}
