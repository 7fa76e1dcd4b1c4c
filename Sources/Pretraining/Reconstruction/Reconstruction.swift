import Compute
import Configuration
import Datasets
import Evaluation
import Imaging
import MaskedAutoencoder
import Training

/// What a model makes of some images, and how good it is.
public struct Reconstructions {
  /// For each image: what the encoder saw, what the model made of it (visible patches as they are), and the image
  /// (He et al. 2022, Figure 2).
  public var triples: [[Image]] = []
  /// The loss that training minimises, over these images.
  public var loss = 0.0
  /// The same loss for painting every removed patch in its own mean colour.
  public var meanColorLoss = 0.0
}

extension TrainedModel {
  /// Paints the removed patches of images spread over the data set. An image that cannot be used is left out.
  ///
  /// - Parameters:
  ///   - count: images that are asked for, at most all.
  ///   - masking: which patches are removed; nil: as in training.
  ///   - seed: of the masks.
  public func reconstruct(
    _ source: any ImageSource, count: Int, masking: Masking? = nil, seed: UInt64, badImages: BadImagePolicy
  ) throws -> Reconstructions {
    precondition(count >= 1 && count <= source.count, "\(count) of \(source.count) images")
    try source.requireChannels(configuration.model.channels)
    var masked = configuration.model
    masked.masking = masking ?? masked.masking
    try masked.validate(at: ConfigurationPath.root["model"])
    let image = PlanarImage(shape: configuration.imageShape, kind: source.sampleKind)
    defer { extendLifetime(image) }
    let workspace = Workspace(model: configuration.model, imageCount: 1)
    defer { extendLifetime(workspace) }
    var resizer = Resizer()
    var result = Reconstructions()
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
      result.triples.append(triple(of: workspace))
      result.loss += meanSquare(workspace.targets, minus: workspace.predictions)
      result.meanColorLoss += meanSquareAroundRowMeans(workspace.targets)
    }
    result.loss /= Double(result.triples.count)
    result.meanColorLoss /= Double(result.triples.count)
    return result
  }

  private func triple(of workspace: Workspace) -> [Image] {
    let model = configuration.model
    let order = workspace.order[0]
    let original = workspace.images.row(0).array
    var (masked, painted) = (original, original)
    for (row, patch) in order.suffix(model.maskedCount).enumerated() {
      let indices = pixelIndices(of: patch)
      let values = indices.map { original[$0] }
      // Predictions of normalised patches get the mean and deviation of the patch that was removed, as in the paper's
      // figures.
      let statistics = patchStatistics(values)
      for (position, index) in indices.enumerated() {
        let prediction = workspace.predictions[row, position]
        painted[index] =
          model.normalizesPixels ? prediction * statistics.deviation + statistics.mean : prediction
        masked[index] = .nan
      }
    }
    return [masked, painted, original].map(image)
  }

  /// Where a patch's values, in the order (row, column, channel), lie among an image's, plane after plane.
  private func pixelIndices(of patch: Int) -> [Int] {
    let model = configuration.model
    let (side, width) = (model.patchSize, model.imageSize.width)
    let corner = patch / model.grid.width * side * width + patch % model.grid.width * side
    return (0..<side * side * model.channels).map { position in
      let (pixel, channel) = position.quotientAndRemainder(dividingBy: model.channels)
      return channel * model.imageSize.count + corner + pixel / side * width + pixel % side
    }
  }

  /// Normalised values as an image; what is not a number is mid-grey. Of channels that are no colours the first three are
  /// shown as such, or the first alone.
  private func image(_ values: [Float]) -> Image {
    let (model, normalization) = (configuration.model, normalization)
    let plane = model.imageSize.count
    let channels = model.channels < 3 ? 1 : 3
    var pixels = [UInt8](repeating: 128, count: plane * channels)
    for channel in 0..<channels {
      for pixel in 0..<plane {
        let value = values[channel * plane + pixel]
        guard !value.isNaN else { continue }
        let white = value * normalization.deviation[channel] + normalization.mean[channel]
        pixels[pixel * channels + channel] = UInt8(max(0, min(255, (white * 255).rounded())))
      }
    }
    return Image(
      width: model.imageSize.width, height: model.imageSize.height, channels: channels, pixels: pixels)
  }

  private var normalization: Normalization { configuration.data.normalization }
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
