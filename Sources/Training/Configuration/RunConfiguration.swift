import Compute
import Configuration
import Imaging

/// All that a run of some task is told: the sections that every run has, and the task's own, of which `model` says what is
/// trained.
///
/// A task's configuration lists the keys of its own sections and `runKeys`. What it sets in `init()` of the run's sections
/// is the task's default.
public protocol TaskConfiguration: ConfigurationSection, Equatable {
  var run: RunConfiguration { get set }

  /// The task's own sections whose keys may change when a run resumes: they do not say what comes out of it.
  static var freeSections: [String] { get }

  /// What images are brought to.
  var imageShape: ImageShape { get }

  /// What the parameters take, in bytes and in floating point: a number of any size, not above the true one. Sizes are
  /// counted only where this is less than the machine has.
  var estimatedParameterBytes: Double { get }

  /// The matrix products that one virtual worker makes in a step; none where they are no large part of it.
  var matrixProducts: [MatrixProduct] { get }
}

/// The sections that every run has, whatever it trains.
public struct RunConfiguration: Sendable, Equatable {
  public var data = DataConfiguration()
  public var train = TrainConfiguration()
  public var parallel = ParallelConfiguration()
  public var checkpoint = CheckpointConfiguration()
  public var watchdog = WatchdogConfiguration()

  public init() {}

  /// V: the shards that the global batch is divided into.
  public var virtualWorkers: Int { parallel.resolvedVirtualWorkers(batchSize: train.batchSize) }
  /// Images of one virtual worker and step.
  public var imagesPerVirtualWorker: Int { train.batchSize / virtualWorkers }
}

extension TaskConfiguration {
  public static var freeSections: [String] { [] }

  /// The keys of `run`, to stand behind the task's own.
  public static var runKeys: [ConfigurationKey<Self>] {
    [
      .section("data", \.data, "the images"),
      .section("train", \.train, "the recipe"),
      .section("parallel", \.parallel, "how a step is divided"),
      .section("checkpoint", \.checkpoint, "what is written on the way"),
      .section("watchdog", \.watchdog, "when a step has taken too long"),
    ]
  }

  public var data: DataConfiguration {
    get { run.data }
    set { run.data = newValue }
  }
  public var train: TrainConfiguration {
    get { run.train }
    set { run.train = newValue }
  }
  public var parallel: ParallelConfiguration {
    get { run.parallel }
    set { run.parallel = newValue }
  }
  public var checkpoint: CheckpointConfiguration {
    get { run.checkpoint }
    set { run.checkpoint = newValue }
  }
  public var watchdog: WatchdogConfiguration {
    get { run.watchdog }
    set { run.watchdog = newValue }
  }

  public var virtualWorkers: Int { run.virtualWorkers }
  public var imagesPerVirtualWorker: Int { run.imagesPerVirtualWorker }

  public func validate(at path: ConfigurationPath) throws(ConfigurationError) { try validateRun(at: path) }

  /// Refuses a batch that takes so many values that their bytes are not far below what an `Int` holds.
  public func requireCountable(_ values: Double, at path: ConfigurationPath) throws(ConfigurationError) {
    guard values <= 0x1p44 else {
      throw .invalid(
        path["train"]["batch_size"], is: train.batchSize,
        "which takes about \(values) values, more than any machine holds; take a smaller batch or model, or more "
          + "\(path["parallel"]["virtual_workers"])")
    }
  }

  /// How the run's sections fit together and with the images; for a task whose `validate` checks more.
  public func validateRun(at path: ConfigurationPath) throws(ConfigurationError) {
    let channels = imageShape.channels
    for (key, values) in [("mean", data.mean), ("std", data.deviation)] where values.count != channels {
      throw .invalid(
        path["data"][key], is: values,
        "which has \(values.count) values for model.channels (\(channels)); give one for each channel")
    }
    if train.optimizer == .lars, parallel.shardOptimizer {
      throw .invalid(
        path["parallel"]["shard_optimizer"], is: true,
        "but \(path["train"]["optimizer"]) lars takes norms of whole tensors; take false")
    }
    // A rank keeps three batches of images.
    try requireCountable(3 * Double(train.batchSize) * Double(imageShape.count), at: path)
    guard train.batchSize.isMultiple(of: virtualWorkers) else {
      throw .invalid(
        path["train"]["batch_size"], is: train.batchSize,
        "which is not divisible by \(path["parallel"]["virtual_workers"]) (\(virtualWorkers)); take a multiple of it")
    }
  }
}
