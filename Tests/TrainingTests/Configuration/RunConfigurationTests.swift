import Configuration
import Pretraining
import Testing
import Training

struct RunConfigurationTests {
  private func decode(_ overrides: [String]) throws(ConfigurationError) -> PretrainingConfiguration {
    try PretrainingConfiguration.decode(yaml: "", overrides: overrides)
  }

  /// He et al. 2022, Table 8.
  @Test func defaultsAreThePapers() throws {
    let configuration = try decode([])
    #expect(configuration.train.batchSize == 4096)
    #expect(configuration.train.epochs == 800)
    #expect(configuration.train.baseLearningRate == 1.5e-4)
    #expect(configuration.train.resolvedWarmupEpochs == 40)
    #expect(configuration.train.weightDecay == 0.05)
    #expect((configuration.train.beta1, configuration.train.beta2) == (0.9, 0.95))
    #expect(configuration.model.maskRatio == 0.75)
    #expect(configuration.data.cropScale == [0.2, 1])
  }

  @Test(arguments: [(20, 1.0), (400, 20), (800, 40), (1600, 40)])
  func warmupFollowsFromTheEpochs(epochs: Int, expected: Double) throws {
    #expect(try decode(["train.epochs=\(epochs)"]).train.resolvedWarmupEpochs == expected)
    #expect(try decode(["train.epochs=\(epochs)", "train.warmup_epochs=3"]).train.resolvedWarmupEpochs == 3)
  }

  @Test(arguments: [(4096, 512), (256, 32), (24, 2), (20, 2), (16, 2), (15, 1), (8, 1), (1, 1)])
  func virtualWorkersFollowFromTheBatch(batch: Int, expected: Int) throws {
    let configuration = try decode(["train.batch_size=\(batch)"])
    #expect(configuration.virtualWorkers == expected)
    #expect(configuration.virtualWorkers * configuration.imagesPerVirtualWorker == batch)
  }

  @Test func virtualWorkersThatAreGivenStay() throws {
    let configuration = try decode(["train.batch_size=24", "parallel.virtual_workers=6"])
    #expect(configuration.virtualWorkers == 6)
    #expect(configuration.imagesPerVirtualWorker == 4)
  }

  @Test(arguments: [
    (["train.batch_size=0"], "train.batch_size"),
    (["train.batch_size=10", "parallel.virtual_workers=4"], "train.batch_size"),
    (["parallel.virtual_workers=0"], "parallel.virtual_workers"),
    (["parallel.threads=0"], "parallel.threads"),
    (["train.epochs=0"], "train.epochs"),
    (["train.steps=0"], "train.steps"),
    (["train.epochs=30", "train.warmup_epochs=40"], "train.warmup_epochs"),
    (["train.beta2=1"], "train.beta2"),
    (["train.base_learning_rate=-1"], "train.base_learning_rate"),
    (["train.precision=fp64"], "train.precision"),
    (["data.mean=[0.5]"], "data.mean"),
    (["data.std=[1, 1]"], "data.std"),
    (["data.std=[1, 0, 1]"], "data.std"),
    (["data.crop_scale=[0.5, 0.2]"], "data.crop_scale"),
    (["data.crop_scale=[0.5, 1.2]"], "data.crop_scale"),
    (["data.crop_ratio=[1]"], "data.crop_ratio"),
    (["data.max_bad_fraction=1.5"], "data.max_bad_fraction"),
    (["data.workers=0"], "data.workers"),
    (["checkpoint.keep_last=0"], "checkpoint.keep_last"),
    (["checkpoint.every_steps=0"], "checkpoint.every_steps"),
    (["model.decoder.heads=7"], "model.decoder.width"),
    (["model.encoder.width=30", "model.encoder.heads=2"], "model.encoder.width"),
  ])
  func refusesAndNamesTheKey(overrides: [String], key: String) {
    let error = #expect(throws: ConfigurationError.self) { try decode(overrides) }
    #expect(error?.path?.description == key)
  }

  @Test func readsBackWhatItWrites() throws {
    let configuration = try decode([
      "train.steps=7", "parallel.virtual_workers=8", "data.mean=[0.1, 0.2, 0.3]", "train.base_learning_rate=1e-4",
      "checkpoint.every_epochs=null", "model.image_size=[64, 96]", "train.seed=18446744073709551615",
    ])
    #expect(try PretrainingConfiguration.decode(yaml: configuration.yaml()) == configuration)
    #expect(try PretrainingConfiguration.decode(yaml: configuration.yaml(documented: true)) == configuration)
  }
}
