import Collectives
import Datasets
import Pretraining
import Training

/// What `mae bench data` measures: how fast batches come when nothing else is done.
public struct DataBenchmark: Encodable {
  public let imagesPerSecond: Double
  public let workers: Int
  public let images: Int
  public let source: String

  public init(_ configuration: PretrainingConfiguration, steps: Int) throws {
    let source = try openSource(at: configuration.data.path, options: configuration.decodingOptions)
    let batchSize = configuration.train.batchSize
    let loader = try BatchLoader(
      images: AugmentedImages(
        source: source, shape: configuration.imageShape, augmentation: configuration.data.augmentation,
        seed: configuration.train.seed),
      batchSize: batchSize, part: 0..<batchSize, steps: 0..<steps + 1, threads: configuration.data.decodeThreads,
      order: configuration.data.order)
    defer { loader.stop() }
    _ = try loader.next()
    let start = ContinuousClock.now
    for _ in 0..<steps { _ = try loader.next() }
    images = steps * batchSize
    imagesPerSecond = Double(images) / ((ContinuousClock.now - start) / .seconds(1))
    workers = configuration.data.decodeThreads
    self.source = source.kind
  }
}
