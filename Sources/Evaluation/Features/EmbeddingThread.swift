import Compute
import Datasets
import Imaging
import VisionTransformer

/// How the tokens of an image become one vector.
public enum Pooling: String, CaseIterable, Sendable {
  /// The cls token after the encoder's last norm.
  case cls
  /// The mean of the patches' tokens after it.
  case mean
}

/// What all threads do with an image.
struct EmbeddingWork {
  let trained: TrainedModel
  let source: any ImageSource
  let pooling: Pooling
  let crop: CenterCrop
}

/// One thread's part of an embedding, and the memory that it works in.
final class EmbeddingThread: @unchecked Sendable {
  private let work: EmbeddingWork
  private let workspace: EncodingWorkspace
  private let pixels: PlanarImage
  private var resizer = Resizer()

  /// - Parameter imageCount: of the units that it is given; the last one may have fewer.
  init(_ work: EmbeddingWork, imageCount: Int) {
    self.work = work
    workspace = EncodingWorkspace(work.trained.configuration.model.encoderConfiguration, imageCount: imageCount)
    pixels = PlanarImage(shape: work.trained.configuration.imageShape, kind: work.source.sampleKind)
  }

  /// Fills the rows of a unit.
  ///
  /// - Parameters:
  ///   - places: the unit's images as places in `range`, which are also their rows.
  ///   - range: the images of the batch.
  ///   - rows: [range.count, D].
  /// - Returns: by their places, why images have no row.
  func embed(_ places: Range<Int>, of range: Range<Int>, into rows: Matrix) -> [Int: DatasetError] {
    let trained = work.trained
    let workspace =
      places.count == self.workspace.imageCount
      ? self.workspace : EncodingWorkspace(trained.configuration.model.encoderConfiguration, imageCount: places.count)
    defer { extendLifetime(workspace) }
    var failures: [Int: DatasetError] = [:]
    for (slot, place) in places.enumerated() {
      do throws(DatasetError) {
        try load(range.lowerBound + place, into: workspace.images.row(slot))
      } catch {
        failures[place] = error
      }
    }
    guard failures.count < places.count else { return failures }
    trained.model.encoder.encode(parameters: trained.parameters.all, workspace: workspace)
    let tokens = 1 + trained.configuration.model.patchCount
    for (slot, place) in places.enumerated() where failures[place] == nil {
      pool(workspace.latent.rows(slot * tokens..<(slot + 1) * tokens), into: rows.rows(place..<place + 1))
    }
    return failures
  }

  private func load(_ index: Int, into input: Vector) throws(DatasetError) {
    try work.source.writeCenter(
      of: index, work.crop, alpha: work.trained.configuration.data.alpha, into: pixels, using: &resizer)
    work.trained.configuration.data.normalization.apply(to: pixels.pixels, into: input)
  }

  /// - Parameters:
  ///   - tokens: of one image, [1 + L, D].
  ///   - row: [1, D].
  private func pool(_ tokens: Matrix, into row: Matrix) {
    switch work.pooling {
    case .cls: copyRows(output: row, input: tokens.rows(0..<1))
    case .mean:
      sumRows(output: row.row(0), input: tokens.rows(1..<tokens.rows))
      for column in 0..<row.columns { row[0, column] /= Float(tokens.rows - 1) }
    }
  }
}
