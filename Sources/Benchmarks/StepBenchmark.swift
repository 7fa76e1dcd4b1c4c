import Collectives
import Compute
import Datasets
import Files
import Foundation
import Imaging
import Reporting
import Training

/// What `mae bench step` measures; names and units are those of its JSON.
public struct StepBenchmark: Encodable {
  /// Medians over the steps, in seconds.
  public struct Phases: Encodable {
    public let total: Double
    public let data: Double
    public let forward: Double
    public let backward: Double
    public let allreduce: Double
    public let optimizer: Double
  }

  public let imagesPerSecond: Double
  public let stepSeconds: Phases
  public let modelGflopPerImage: Double
  /// The same matrix products alone, in the same process, on all threads of all ranks.
  public let gemmGflops: Double
  /// The model's operations a second, as a share of `gemmGflops`.
  public let utilization: Double
  /// Of the largest process.
  public let peakRssMb: Double
  public let ranks: Int
  public let threads: Int
  public let batchSize: Int
  public let virtualWorkers: Int
  public let steps: Int
  public let cpu: String
  public let blasKernel: String

  /// Takes `warmup` steps of a task, then `steps` measured ones, on all ranks together.
  ///
  /// - Parameter path: images; nil: random pixels.
  public init<Task: TrainingTask>(
    _ task: Task.Type, _ configuration: Task.Configuration, data path: String?, steps: Int, warmup: Int = 2,
    communicator: any Communicator
  ) throws {
    let placement = try VirtualWorkerPlacement(configuration.run, on: communicator)
    try communicator.requireMemory(task, configuration, placement: placement)
    let source: any ImageSource =
      if let path {
        try communicator.together {
          let source = try openSource(at: path, options: configuration.decodingOptions)
          try Task.check(source, for: configuration)
          return source
        }
      } else {
        LabelledNoise(
          NoiseSource(shape: configuration.imageShape, count: max(1024, configuration.train.batchSize)))
      }
    let order = try BatchOrder(
      sampleCount: source.count, batchSize: configuration.train.batchSize, seed: configuration.train.seed)
    let kernels = try BLASKernels.open(configuration, checkpoint: nil, communicator: communicator)
    let replica = try Replica(
      try Task(configuration, from: nil), placement: placement, order: order, communicator: communicator)
    let loader = try BatchLoader(
      images: AugmentedImages(
        source: source, shape: configuration.imageShape, augmentation: configuration.data.augmentation,
        seed: configuration.train.seed,
        randAugment: configuration.data.randAugment.map { ($0, RandAugment.fill(mean: configuration.data.mean)) }),
      batchSize: configuration.train.batchSize, part: placement.images, steps: 0..<steps + warmup,
      threads: configuration.data.decodeThreads)
    defer { loader.stop() }

    var totals: [Double] = []
    var times: [StepTimes] = []
    for step in 0..<steps + warmup {
      let start = ContinuousClock.now
      let batch = try loader.next()
      let result = try replica.step(batch)
      guard step >= warmup else { continue }
      totals.append((ContinuousClock.now - start) / .seconds(1))
      times.append(result.times)
    }
    let usage = try SystemUsage.current()
    try communicator.barrier()
    let products = configuration.matrixProducts
    let ceiling = try GEMMBenchmark(
      products, threads: placement.threads, precision: configuration.train.precision)
    let all = try communicator.allgather([ceiling.gflops, usage.peakResidentMegabytes])

    let step = median(totals)
    imagesPerSecond = Double(configuration.train.batchSize) / step
    stepSeconds = Phases(
      total: step, data: median(times.map(\.data)), forward: median(times.map(\.forward)),
      backward: median(times.map(\.backward)), allreduce: median(times.map(\.allreduce)),
      optimizer: median(times.map(\.optimizer)))
    modelGflopPerImage =
      products.reduce(0) { $0 + $1.operations } / Double(placement.imagesPerVirtualWorker) / 1e9
    gemmGflops = all.reduce(0) { $0 + $1[0] }
    utilization = imagesPerSecond * modelGflopPerImage / gemmGflops
    peakRssMb = all.map { $0[1] }.max() ?? 0
    (ranks, threads, batchSize) = (placement.ranks, placement.threads, configuration.train.batchSize)
    (virtualWorkers, self.steps) = (configuration.virtualWorkers, steps)
    (cpu, blasKernel) = (processorName(), kernels.kernel)
  }
}

/// Random pixels with labels of two classes, which every classifier has.
private struct LabelledNoise: ImageSource {
  private let noise: NoiseSource
  let classNames = ["0", "1"]

  init(_ noise: NoiseSource) { self.noise = noise }

  var kind: String { noise.kind }
  var shape: ImageShape? { noise.shape }
  var sampleKind: SampleKind { noise.sampleKind }
  var count: Int { noise.count }
  func identity() -> DataIdentity { noise.identity() }
  func name(of index: Int) -> String { noise.name(of: index) }
  func label(of index: Int) -> Int? { index % 2 }
  func image(at index: Int) throws(DatasetError) -> Image { try noise.image(at: index) }
}

/// The CPU's name, as the kernel gives it.
func processorName() -> String {
  let text = String(decoding: (try? readFile("/proc/cpuinfo")) ?? [], as: UTF8.self)
  let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
  return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
}
