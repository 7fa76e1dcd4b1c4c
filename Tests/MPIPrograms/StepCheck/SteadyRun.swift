import CMemoryProbe
import Collectives
import Compute
import Datasets
import Imaging
import MaskedAutoencoder
import Pretraining
import Training
import VisionTransformer

/// Something is not as it must be.
struct CheckFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// A small model in training, on this rank's part of images that take nothing to read.
struct SteadyRun {
  /// The first steps may still take memory: libraries set themselves up.
  static let warmup = 2
  static let measured = 10

  let replica: Replica<MaskedAutoencoding>
  private let loader: BatchLoader

  /// - Parameter arguments: precision, recomputation, threads, and how ranks have the optimiser's moments.
  init(_ arguments: [String], _ communicator: any Communicator) throws {
    guard arguments.count == 4, ["whole", "sharded"].contains(arguments[3]),
      let precision = Precision(rawValue: arguments[0]),
      let recompute = Recompute(rawValue: arguments[1]), let threads = Int(arguments[2])
    else { throw CheckFailure("wanted: fp32|bf16 none|mlp|block THREADS whole|sharded") }
    var configuration = PretrainingConfiguration()
    configuration.model.imageSize = GridSize(height: 32, width: 32)
    configuration.model.patchSize = 4
    configuration.model.encoder = TransformerConfiguration(width: 128, depth: 3, heads: 2)
    configuration.model.decoder = TransformerConfiguration(width: 64, depth: 2, heads: 2)
    configuration.train.batchSize = 16
    configuration.train.precision = precision
    configuration.train.recompute = recompute
    configuration.parallel.virtualWorkers = 8
    configuration.parallel.threads = threads
    configuration.parallel.shardOptimizer = arguments[3] == "sharded"
    let source = StillSource(shape: configuration.imageShape)
    let order = try BatchOrder(sampleCount: source.count, batchSize: 16, seed: configuration.train.seed)
    let placement = try VirtualWorkerPlacement(configuration.run, on: communicator)
    replica = try Replica(
      MaskedAutoencoding(configuration), placement: placement, order: order, communicator: communicator)
    loader = try BatchLoader(
      images: AugmentedImages(
        source: source, shape: configuration.imageShape, augmentation: .none, seed: configuration.train.seed),
      batchSize: 16, part: placement.images, steps: 0..<Self.warmup + Self.measured, threads: 1)
  }

  /// Takes the first steps, and then the others, each between `before` and `after`.
  func steps(before: () -> Void, after: () throws -> Void) throws {
    defer { loader.stop() }
    for step in 1...Self.warmup + Self.measured {
      let batch = try loader.next()
      if step > Self.warmup { before() }
      let result = try replica.step(batch)
      if step > Self.warmup { try after() }
      guard result.nonFinite == nil else { throw CheckFailure("step \(step) is not finite") }
    }
  }
}

/// Grey images. Decoding is no part of the step: the threads that do it are not counted.
private struct StillSource: ImageSource {
  let kind = "grey images"
  let count = 64
  let classNames: [String] = []
  let imageShape: ImageShape

  init(shape: ImageShape) { imageShape = shape }

  var shape: ImageShape? { imageShape }

  func identity() -> DataIdentity { DataIdentity(count: count, hash: "grey") }

  func name(of index: Int) -> String { "grey#\(index)" }

  func label(of index: Int) -> Int? { nil }

  func image(at index: Int) -> Image {
    memory_probe_ignore_thread()
    let pixels = (0..<imageShape.count).map { UInt8(truncatingIfNeeded: $0 * (index + 1)) }
    return Image(
      width: imageShape.width, height: imageShape.height, channels: imageShape.channels, pixels: pixels)
  }
}
