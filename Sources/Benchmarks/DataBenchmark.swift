import Collectives
import Compute
import Datasets
import Glibc
import Pretraining
import Training

/// What `mae bench data` measures: how fast images come, cropped, resized and normalised, when nothing else is done.
public struct DataBenchmark: Encodable {
  public let imagesPerSecond: Double
  /// Images for a second of one core's time, of all threads together. Other programs on the machine change it little.
  public let imagesPerCoreSecond: Double
  public let workers: Int
  public let images: Int
  public let source: String

  public init(_ configuration: PretrainingConfiguration, steps: Int) throws {
    guard !configuration.data.path.isEmpty else { throw TrainingError.noDataPath }
    let source = try openSource(at: configuration.data.path, options: configuration.decodingOptions)
    let batchSize = configuration.train.batchSize
    let normalization = configuration.data.normalization
    let normalized = AlignedBuffer<Float>(repeating: 0, count: configuration.imageShape.count)
    // Before the loader, which begins at once; and it decodes these steps only.
    let start = ContinuousClock.now
    let startCoreSeconds = coreSeconds()
    let loader = try BatchLoader(
      images: AugmentedImages(
        source: source, shape: configuration.imageShape, augmentation: configuration.data.augmentation,
        seed: configuration.train.seed),
      batchSize: batchSize, part: 0..<batchSize, steps: 0..<steps, threads: configuration.data.decodeThreads,
      order: configuration.data.order)
    defer { loader.stop() }
    for _ in 0..<steps {
      let batch = try loader.next()
      for index in 0..<batch.count { normalization.apply(to: batch.pixels(of: index), into: normalized.all) }
    }
    images = steps * batchSize
    imagesPerCoreSecond = Double(images) / (coreSeconds() - startCoreSeconds)
    imagesPerSecond = Double(images) / ((ContinuousClock.now - start) / .seconds(1))
    workers = configuration.data.decodeThreads
    self.source = source.kind
  }
}

/// What all threads of this process have computed so far, in the system's work for them too.
private func coreSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
