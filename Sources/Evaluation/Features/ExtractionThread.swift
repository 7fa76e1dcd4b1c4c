import Compute
import Datasets
import Imaging
import VisionTransformer

/// What all threads do with an image.
struct ExtractionWork {
  let kind: FeatureKind
  let source: any ImageSource
  let crop: CenterCrop
}

/// One thread's part of an extraction, and the memory that it works in.
final class ExtractionThread: @unchecked Sendable {
  private let work: ExtractionWork
  /// Of an encoder.
  private let workspace: EncodingWorkspace?
  private let pixels: PlanarImage
  private var resizer = Resizer()

  /// - Parameter imageCount: of the units that it is given; the last one may have fewer.
  init(_ work: ExtractionWork, imageCount: Int) {
    self.work = work
    workspace =
      if case .encoder(let frozen, _, _) = work.kind {
        EncodingWorkspace(frozen.encoder.configuration, imageCount: imageCount, precision: frozen.precision)
      } else {
        nil
      }
    pixels = PlanarImage(shape: work.kind.input.shape, kind: work.source.sampleKind)
  }

  /// Fills the rows of a unit.
  ///
  /// - Parameters:
  ///   - places: the unit's images as places in `range`.
  ///   - range: the images of the batch.
  ///   - rows: the features of the unit's images, [places.count, width].
  /// - Returns: by their places, why images have no row.
  func extract(_ places: Range<Int>, of range: Range<Int>, into rows: Matrix) -> [Int: DatasetError] {
    switch work.kind {
    case .pixels:
      load(places, of: range) { rows.row($0) }
    case .encoder(let frozen, let pooling, let layer):
      encode(frozen, pooling, layer, places, of: range, into: rows)
    }
  }

  private func encode(
    _ frozen: FrozenEncoder, _ pooling: Pooling, _ layer: Int?, _ places: Range<Int>, of range: Range<Int>,
    into rows: Matrix
  ) -> [Int: DatasetError] {
    guard let usual = self.workspace else { preconditionFailure("an encoder has a workspace") }
    let workspace =
      places.count == usual.imageCount
      ? usual
      : EncodingWorkspace(frozen.encoder.configuration, imageCount: places.count, precision: frozen.precision)
    defer { extendLifetime(workspace) }
    let failures = load(places, of: range) { workspace.images.row($0) }
    guard failures.count < places.count else { return failures }
    let tokens: Matrix
    let normalizesPooled = frozen.lastNorm == .pooled && layer == nil
    if let blocks = normalizesPooled ? frozen.depth : layer {
      tokens = frozen.encoder.encode(frozen.weights, workspace: workspace, blocks: blocks)
    } else {
      frozen.encoder.encode(frozen.weights, workspace: workspace)
      tokens = workspace.latent
    }
    let count = 1 + frozen.patchCount
    for (slot, place) in places.enumerated() where failures[place] == nil {
      pool(pooling, tokens.rows(slot * count..<(slot + 1) * count), into: rows.row(slot))
    }
    if normalizesPooled, pooling != .patches { frozen.encoder.normalize(rows, frozen.weights) }
    return failures
  }

  /// - Parameter input: where the values of the image in a slot of the unit go.
  private func load(
    _ places: Range<Int>, of range: Range<Int>, into input: (_ slot: Int) -> Vector
  ) -> [Int: DatasetError] {
    var failures: [Int: DatasetError] = [:]
    for (slot, place) in places.enumerated() {
      do throws(DatasetError) {
        try work.source.writeCenter(
          of: range.lowerBound + place, work.crop, alpha: work.kind.input.alpha, into: pixels, using: &resizer)
        work.kind.input.normalization.apply(to: pixels.pixels, into: input(slot))
      } catch {
        failures[place] = error
      }
    }
    return failures
  }

  /// - Parameter tokens: of one image, [1 + L, D].
  private func pool(_ pooling: Pooling, _ tokens: Matrix, into features: Vector) {
    let width = tokens.columns
    let patches = tokens.rows(1..<tokens.rows)
    switch pooling {
    case .cls: copyRows(output: features.reshaped(rows: 1, columns: width), input: tokens.rows(0..<1))
    case .mean:
      sumRows(output: features, input: patches)
      for column in 0..<width { features[column] /= Float(patches.rows) }
    case .patches: copyRows(output: features.reshaped(rows: patches.rows, columns: width), input: patches)
    }
  }
}
