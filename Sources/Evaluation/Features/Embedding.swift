import Compute
import Datasets
import Imaging
import Training
import VisionTransformer

/// How the tokens of an image become one vector.
public enum Pooling: String, CaseIterable, Sendable {
  /// The cls token after the encoder's last norm.
  case cls
  /// The mean of the patches' tokens after it.
  case mean
}

/// Features of images: the encoder over every patch of each, nothing random.
///
/// Each worker decodes, resizes (bicubic, the shorter side), cuts to the centre, and encodes images of its own. What
/// comes out for an image does not depend on the number of workers: images do not meet in any sum.
public final class Embedder {
  /// The part of the resized image's shorter side that evaluation usually keeps: 224 of 256.
  public static let usualKeptFraction = 0.875
  /// Values of a feature: D.
  public var width: Int { trained.configuration.model.encoder.width }
  /// Images of one call's worth of work.
  public var batchCount: Int { pool.count * Self.imagesPerWorker }

  private let trained: TrainedModel
  private let source: any ImageSource
  private let pooling: Pooling
  private let crop: CenterCrop
  private let pool: WorkerPool
  private let workspaces: [EncodingWorkspace]

  /// Enough for products of a good size, little enough that the last images do not leave workers idle.
  private static let imagesPerWorker = 8

  /// - Parameters:
  ///   - keptFraction: of the resized image's shorter side.
  ///   - threads: workers.
  public init(
    _ trained: TrainedModel, source: any ImageSource, pooling: Pooling, keptFraction: Double, threads: Int
  ) {
    self.trained = trained
    self.source = source
    self.pooling = pooling
    crop = CenterCrop(keptFraction: keptFraction)
    let threads = max(1, min(threads, (source.count + Self.imagesPerWorker - 1) / Self.imagesPerWorker))
    pool = WorkerPool(count: threads)
    workspaces = (0..<threads).map { _ in
      EncodingWorkspace(trained.configuration.model.encoderConfiguration, imageCount: Self.imagesPerWorker)
    }
  }

  /// The features of the images `range`, at most `batchCount`: [range.count, D], row after row.
  ///
  /// - Throws: the first image of the range that cannot be used.
  public func features(of range: Range<Int>) throws -> [Float] {
    precondition(range.count <= batchCount && range.upperBound <= source.count, "more images than one batch")
    let result = AlignedBuffer<Float>(repeating: 0, count: range.count * width)
    defer { extendLifetime(result) }
    let rows = result.all.reshaped(rows: range.count, columns: width)
    let failures = Monitor([Int: DatasetError]())
    let work = EmbeddingWork(
      trained: trained, source: source, pooling: pooling, crop: crop, rows: rows, first: range.lowerBound)
    pool.run { [workspaces] worker in
      let start = min(range.count, worker * Self.imagesPerWorker)
      let end = min(range.count, start + Self.imagesPerWorker)
      guard start < end else { return }
      do throws(DatasetError) {
        try work.run(start..<end, workspace: workspaces[worker])
      } catch {
        failures.withLock { $0[worker] = error }
      }
    }
    if let first = failures.withLock({ $0.min { $0.key < $1.key }?.value }) { throw first }
    return result.all.array
  }

  /// Writes the features of all images to `path` (`.npy` or `.safetensors`, which must not exist), and the images'
  /// names, a line each in the order of the rows, to `path`.txt.
  public func write(to path: String) throws {
    let metadata = [
      "pool": pooling.rawValue, "step": "\(trained.step)", "kept_fraction": "\(crop.keptFraction)",
      "count": "\(source.count)",
    ]
    let file = try FeatureFile(path, rows: source.count, columns: width, metadata: metadata)
    let names = try NameList(path: path + ".txt", source: source)
    var next = 0
    try file.write {
      let range = next..<min(source.count, next + batchCount)
      next = range.upperBound
      return range.isEmpty ? [] : try features(of: range)
    }
    try names.write()
  }
}

/// What the workers of one batch share: each writes the rows of its own images.
private struct EmbeddingWork: @unchecked Sendable {
  let trained: TrainedModel
  let source: any ImageSource
  let pooling: Pooling
  let crop: CenterCrop
  let rows: Matrix
  let first: Int

  func run(_ range: Range<Int>, workspace: EncodingWorkspace) throws(DatasetError) {
    let model = trained.configuration.model
    let shape = ImageShape(
      channels: model.channels, height: model.imageSize.height, width: model.imageSize.width)
    let memory = PlanarImage(shape: shape, kind: source.sampleKind)
    defer { extendLifetime(memory) }
    var resizer = Resizer()
    for (slot, row) in range.enumerated() {
      let image = try source.image(at: first + row, channels: shape.channels)
      let pixels = memory.prepare(image.samples.kind)
      resizer.centerCrop(image, crop, into: pixels)
      trained.configuration.data.normalization.apply(to: pixels, into: workspace.images.row(slot))
    }
    trained.model.encoder.encode(parameters: trained.parameters.all, workspace: workspace)
    let tokens = 1 + model.patchCount
    for (slot, row) in range.enumerated() {
      let image = workspace.latent.rows(slot * tokens..<(slot + 1) * tokens)
      switch pooling {
      case .cls: copyRows(output: rows.rows(row..<row + 1), input: image.rows(0..<1))
      case .mean:
        sumRows(output: rows.row(row), input: image.rows(1..<tokens))
        for index in 0..<rows.columns { rows[row, index] /= Float(model.patchCount) }
      }
    }
  }
}
