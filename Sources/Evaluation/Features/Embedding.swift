import Compute
import Datasets
import Imaging
import Training

/// Features of images: the encoder over every patch of each, nothing random.
///
/// Threads take units of a few images from one counter until none is left; each decodes, resizes (bicubic, the shorter
/// side), cuts to the centre, and encodes the images of its unit. What comes out for an image does not depend on the
/// number of threads nor on the images beside it: images do not meet in any sum.
public final class Embedder {
  /// The part of the resized image's shorter side that evaluation usually keeps: 224 of 256.
  public static let usualKeptFraction = 0.875
  /// Values of a feature: D.
  public var width: Int { trained.configuration.model.encoder.width }
  /// Images of one call's worth of work: so many units for each thread that the wait for the last one is short beside
  /// all of them.
  public var batchCount: Int { pool.count * 64 * imagesPerUnit }

  private let trained: TrainedModel
  private let source: any ImageSource
  private let pooling: Pooling
  private let crop: CenterCrop
  private let pool: WorkerPool
  private let imagesPerUnit: Int
  private let threads: [EmbeddingThread]

  /// - Parameters:
  ///   - keptFraction: of the resized image's shorter side.
  ///   - threads: at most so many.
  /// - Throws: a thread cannot be started.
  public init(
    _ trained: TrainedModel, source: any ImageSource, pooling: Pooling, keptFraction: Double, threads: Int
  ) throws(ThreadError) {
    self.trained = trained
    self.source = source
    self.pooling = pooling
    crop = CenterCrop(keptFraction: keptFraction)
    let imagesPerUnit = min(source.count, Self.imagesPerUnit(tokens: 1 + trained.configuration.model.patchCount))
    self.imagesPerUnit = imagesPerUnit
    pool = try WorkerPool(count: max(1, min(threads, (source.count + imagesPerUnit - 1) / imagesPerUnit)))
    let work = EmbeddingWork(trained: trained, source: source, pooling: pooling, crop: crop)
    self.threads = (0..<pool.count).map { _ in EmbeddingThread(work, imageCount: imagesPerUnit) }
  }

  /// As few images as give products enough rows to be fast: more only leave other threads without work at the end.
  private static func imagesPerUnit(tokens: Int) -> Int { max(1, (256 + tokens - 1) / tokens) }

  /// What came of a range of images.
  struct Features {
    /// [images that could be used, D], row after row, in the order of the images.
    var rows: [Float]
    /// The others, in their order.
    var bad: [BadSample]
  }

  /// The features of the images `range`, at most `batchCount`.
  ///
  /// - Throws: what keeps other images from being read, too.
  func features(of range: Range<Int>) throws(DatasetError) -> Features {
    precondition(range.count <= batchCount && range.upperBound <= source.count, "more images than one batch")
    let result = AlignedBuffer<Float>(repeating: 0, count: range.count * width)
    defer { extendLifetime(result) }
    let rows = result.all.reshaped(rows: range.count, columns: width)
    let nextUnit = Monitor(0)
    let failures = Monitor([Int: DatasetError]())
    pool.run { [threads, imagesPerUnit] thread in
      while true {
        let unit = nextUnit.withLock { next in
          defer { next += 1 }
          return next
        }
        let start = unit * imagesPerUnit
        guard start < range.count else { return }
        let places = start..<min(range.count, start + imagesPerUnit)
        let failed = threads[thread].embed(places, of: range, into: rows)
        failures.withLock { $0.merge(failed) { first, _ in first } }
      }
    }
    var features = Features(rows: [], bad: [])
    features.rows.reserveCapacity(result.count)
    let failed = failures.withLock { $0 }
    for place in 0..<range.count {
      switch failed[place] {
      case nil: features.rows += rows.row(place).array
      case .badImage(let sample): features.bad.append(sample)
      case let error?: throw error
      }
    }
    return features
  }

  /// Writes the features of all images that can be used to `path` (`.npy` or `.safetensors`, which must not exist), and
  /// these images' names, a line each in the order of the rows, to `path`.txt. Both appear whole, or neither does.
  ///
  /// - Returns: the number of rows.
  /// - Throws: also where the images' channels cannot become the model's.
  public func write(to path: String, badImages: BadImagePolicy) throws -> Int {
    func metadata(rows: Int, leftOut: Int) -> [String: String] {
      [
        "pool": pooling.rawValue, "step": "\(trained.step)", "kept_fraction": "\(crop.keptFraction)",
        "count": "\(rows)", "left_out": "\(leftOut)",
      ]
    }
    try source.requireChannels(trained.configuration.model.channels)
    let format = try FeatureFile(
      path, rowLimit: source.count, columns: width,
      metadataLimit: metadata(rows: source.count, leftOut: source.count))
    let (file, names) = (try PendingFile(path), try PendingFile(path + ".txt"))
    var leftOut = LeftOutImages(of: source.count, badImages)
    var rowCount: Int { source.count - leftOut.samples.count }
    var next = 0
    func nextRows() throws -> [Float] {
      // A batch without an image that can be used is not the end.
      while next < source.count {
        let range = next..<min(source.count, next + batchCount)
        next = range.upperBound
        let features = try features(of: range)
        for sample in features.bad { try leftOut.add(sample) }
        if !features.rows.isEmpty { return features.rows }
      }
      return []
    }
    try format.write(
      to: file.temporary, next: nextRows, metadata: { metadata(rows: rowCount, leftOut: leftOut.samples.count) })
    try writeNames(of: source, leavingOut: Set(leftOut.samples.map(\.index)), to: names.temporary)
    try names.commit()
    try file.commit()
    return rowCount
  }
}
