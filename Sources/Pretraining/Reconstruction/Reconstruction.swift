import Compute
import Configuration
import Datasets
import Evaluation
import Imaging
import MaskedAutoencoder
import Training

/// What a model makes of some images, and how good it is.
public struct Reconstructions {
  public var images: [PaintedImage] = []
  /// The loss that training minimises, over these images.
  public var loss = 0.0
  /// The same loss for painting every removed patch in its own mean colour.
  public var meanColorLoss = 0.0
  /// How they were masked.
  public let model: ModelConfiguration

  /// All images under one another, labelled.
  ///
  /// - Parameter beginning: of the text below, "After step 3: images spread over the data".
  public func gallery(_ beginning: String) -> Image {
    LabelledGallery(titles: PaintedImage.titles, rows: images.map(\.tiles), lines: model.paintingLegend(beginning))
      .image
  }
}

extension TrainedModel {
  /// Paints the removed patches of images spread over the data set. An image that cannot be used is left out.
  ///
  /// - Parameters:
  ///   - count: images that are asked for, at most all.
  ///   - maskRatio: the share of the patches that is removed; nil: as in training.
  ///   - masking: which patches are removed; nil: as in training.
  ///   - seed: of the masks.
  public func reconstruct(
    _ source: any ImageSource, count: Int, maskRatio: Double? = nil, masking: Masking? = nil, seed: UInt64,
    badImages: BadImagePolicy
  ) throws -> Reconstructions {
    precondition(count >= 1 && count <= source.count, "\(count) of \(source.count) images")
    try source.requireChannels(configuration.model.channels)
    var masked = configuration.model
    masked.maskRatio = maskRatio ?? masked.maskRatio
    masked.masking = masking ?? masked.masking
    try masked.validate(at: ConfigurationPath.root["model"])
    // The same parameters, whatever number of patches is removed.
    let model = MaskedAutoencoder(masked, positions: self.model.positions)
    let normalization = configuration.data.normalization
    let image = PlanarImage(shape: configuration.imageShape, kind: source.sampleKind)
    defer { extendLifetime(image) }
    let workspace = Workspace(model: masked, imageCount: 1, painting: .all)
    defer { extendLifetime(workspace) }
    var resizer = Resizer()
    var result = Reconstructions(model: masked)
    var leftOut = LeftOutImages(of: count, badImages)
    for index in 0..<count {
      let sample = index * source.count / count
      do throws(DatasetError) {
        try source.writeCenter(
          of: sample, CenterCrop(keptFraction: 1), alpha: configuration.data.alpha, into: image, using: &resizer)
      } catch {
        guard case .badImage(let bad) = error else { throw error }
        try leftOut.add(bad)
        continue
      }
      normalization.apply(to: image.pixels, into: workspace.images.row(0))
      maskNoise(output: workspace.noise.row(0), for: masked, seed: seed, epoch: 0, sample: sample)
      model.paint(parameters: parameters.all, workspace: workspace)
      result.images.append(PaintedImage(of: workspace, model: masked, normalization: normalization))
      let removed = workspace.predictions.rows(masked.visibleCount..<masked.patchCount)
      result.loss += meanSquare(workspace.targets, minus: removed)
      result.meanColorLoss += meanSquareAroundRowMeans(workspace.targets)
    }
    result.loss /= Double(result.images.count)
    result.meanColorLoss /= Double(result.images.count)
    return result
  }
}

private func meanSquare(_ a: Matrix, minus b: Matrix) -> Double {
  let squares = zip(a.flat.array, b.flat.array).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
  return squares / Double(a.rows * a.columns)
}

func meanSquareAroundRowMeans(_ values: Matrix) -> Double {
  var squares = 0.0
  for index in 0..<values.rows {
    let row = values.row(index).array.map(Double.init)
    let mean = row.reduce(0, +) / Double(row.count)
    squares += row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
  }
  return squares / Double(values.rows * values.columns)
}
