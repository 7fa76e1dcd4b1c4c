import Configuration
import Imaging
import MaskedAutoencoder

/// All that a run is told: `configs/*.yaml`, and `--set` over it.
public struct RunConfiguration: ConfigurationSection, Equatable {
  public var model = ModelConfiguration()
  public var data = DataConfiguration()
  public var train = TrainConfiguration()
  public var parallel = ParallelConfiguration()
  public var checkpoint = CheckpointConfiguration()
  public var watchdog = WatchdogConfiguration()

  public init() {}

  public static let keys: [ConfigurationKey<Self>] = [
    .section("model", \.model, "the masked autoencoder"),
    .section("data", \.data, "the images"),
    .section("train", \.train, "the recipe"),
    .section("parallel", \.parallel, "how a step is divided"),
    .section("checkpoint", \.checkpoint, "what is written on the way"),
    .section("watchdog", \.watchdog, "when a step has taken too long"),
  ]

  public func validate(at path: ConfigurationPath) throws(ConfigurationError) {
    let (data, train) = (path["data"], path["train"])
    for (key, values) in [("mean", self.data.mean), ("std", self.data.deviation)] {
      guard values.count == model.channels else {
        throw .invalid(
          data[key], is: values,
          "which has \(values.count) values for model.channels (\(model.channels)); give one for each channel")
      }
    }
    guard self.train.batchSize.isMultiple(of: virtualWorkers) else {
      throw .invalid(
        train["batch_size"], is: self.train.batchSize,
        "which is not divisible by \(path["parallel"]["virtual_workers"]) (\(virtualWorkers)); take a multiple of it")
    }
  }

  /// What images are brought to.
  public var imageShape: ImageShape {
    ImageShape(channels: model.channels, height: model.imageSize.height, width: model.imageSize.width)
  }

  /// V: the shards that the global batch is divided into.
  public var virtualWorkers: Int { parallel.resolvedVirtualWorkers(batchSize: train.batchSize) }
  /// Images of one virtual worker and step.
  public var imagesPerVirtualWorker: Int { train.batchSize / virtualWorkers }
}
