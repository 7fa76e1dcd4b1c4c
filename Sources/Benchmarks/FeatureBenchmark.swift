import Collectives
import Compute
import Datasets
import Evaluation
import Imaging
import MaskedAutoencoder
import Pretraining
import Reporting
import Training

/// What `mae bench features` measures: an encoder's forward pass over whole images, as `mae embed`, `mae knn` and `mae probe` take
/// it; names and units are those of its JSON.
public struct FeatureBenchmark: Encodable {
  public let imagesPerSecond: Double
  /// Of all images; the median.
  public let seconds: Double
  /// Of the largest process.
  public let peakRssMb: Double
  public let precision: String
  public let images: Int
  public let ranks: Int
  public let threads: Int
  public let cpu: String

  /// Takes the features of `images` images once to warm up, then as often as is asked for, on all ranks together.
  public init(
    _ configuration: PretrainingConfiguration, images: Int, precision: Precision, repetitions: Int, pool: WorkerPool,
    communicator: any Communicator
  ) throws {
    let model = MaskedAutoencoder(configuration.model)
    let parameters = AlignedBuffer<Float>(repeating: 0, count: model.table.arenaCount)
    model.table.initialize(parameters.all, seed: configuration.train.seed)
    let trained = TrainedModel(model, configuration: configuration, parameters: parameters, step: 0)
    let extractor = try FeatureExtractor(
      .encoder(trained.frozenEncoder(in: precision), .cls),
      of: try HeldImages(NoiseSource(shape: configuration.imageShape, count: 8), count: images),
      crop: CenterCrop(keptFraction: 1), pool: pool, communicator: communicator)
    let policy = BadImagePolicy(allowedFraction: 0) { _ in }
    var times: [Double] = []
    for repetition in 0...repetitions {
      try communicator.barrier()
      let start = ContinuousClock.now
      _ = try extractor.all(badImages: policy)
      try communicator.barrier()
      if repetition > 0 { times.append((ContinuousClock.now - start) / .seconds(1)) }
    }
    seconds = median(times)
    imagesPerSecond = Double(images) / seconds
    peakRssMb = try communicator.allgather([SystemUsage.current().peakResidentMegabytes]).map { $0[0] }.max() ?? 0
    (self.precision, self.images) = (precision.rawValue, images)
    (ranks, threads, cpu) = (communicator.size, pool.count, processorName())
  }
}

/// A few images of a source, held in memory and taken again and again, so that they cost nothing.
private struct HeldImages: ImageSource {
  private let source: any ImageSource
  private let images: [Image]
  let count: Int

  init(_ source: any ImageSource, count: Int) throws {
    self.source = source
    images = try (0..<source.count).map { try source.image(at: $0) }
    self.count = count
  }

  var kind: String { source.kind }
  var shape: ImageShape? { source.shape }
  var sampleKind: SampleKind { source.sampleKind }
  var classNames: [String] { source.classNames }
  func identity() -> DataIdentity { source.identity() }
  func name(of index: Int) -> String { source.name(of: index % images.count) }
  func label(of index: Int) -> Int? { source.label(of: index % images.count) }
  func image(at index: Int) -> Image { images[index % images.count] }
}
