import Compute
import Datasets
import Imaging
import MaskedAutoencoder

/// What a model makes of one masked image, as images (He et al. 2022, Figure 2).
public struct PaintedImage: Equatable {
  /// What the encoder saw; removed patches are mid-grey.
  public let masked: Image
  /// All patches as the model paints them. The loss is over the removed ones alone, so that the visible ones are worse.
  public let reconstruction: Image
  /// The removed patches as the model paints them, between the visible ones as they are.
  public let pasted: Image
  public let original: Image

  /// In the order of `titles`.
  public var tiles: [Image] { [masked, reconstruction, pasted, original] }
  public static let titles = ["masked", "reconstruction", "visible pasted in", "original"]

  /// Of the only image of a workspace that paints all patches, after the forward pass.
  ///
  /// Predictions of normalised patches get the mean and the deviation that the patch really has, as in the paper's figures:
  /// the model predicts neither of the two.
  package init(of workspace: Workspace, model: ModelConfiguration, normalization: Normalization) {
    precondition(workspace.painting == .all && workspace.imageCount == 1, "all patches of one image")
    let original = workspace.images.row(0).array
    var (masked, painted, pasted) = (original, original, original)
    for (row, patch) in workspace.order[0].enumerated() {
      let indices = model.pixelIndices(of: patch)
      let statistics = patchStatistics(indices.map { original[$0] })
      for (position, index) in indices.enumerated() {
        let prediction = workspace.predictions[row, position]
        painted[index] =
          model.normalizesPixels ? prediction * statistics.deviation + statistics.mean : prediction
        guard row >= model.visibleCount else { continue }
        pasted[index] = painted[index]
        masked[index] = .nan
      }
    }
    func image(_ values: [Float]) -> Image { model.image(of: values, normalization) }
    self.masked = image(masked)
    reconstruction = image(painted)
    self.pasted = image(pasted)
    self.original = image(original)
  }
}

extension ModelConfiguration {
  /// What somebody needs to know who looks at painted images, for below them.
  ///
  /// - Parameter beginning: of the first sentence, "After epoch 3: held-out images".
  func paintingLegend(_ beginning: String) -> [String] {
    let pattern = masking == .random ? "" : " (\(masking) masking)"
    let lines = [
      "\(beginning), \(maskedCount) of \(patchCount) patches removed\(pattern). The loss is over these alone, so that the "
        + "visible ones are painted worse."
    ]
    guard normalizesPixels else { return lines }
    return lines + [
      "model.norm_pix: patches are predicted without their brightness and contrast; the true mean and deviation of each "
        + "patch make them visible here."
    ]
  }

  /// Where a patch's values, in the order (row, column, channel), lie among an image's, plane after plane.
  func pixelIndices(of patch: Int) -> [Int] {
    let (side, width) = (patchSize, imageSize.width)
    let corner = patch / grid.width * side * width + patch % grid.width * side
    return (0..<side * side * channels).map { position in
      let (pixel, channel) = position.quotientAndRemainder(dividingBy: channels)
      return channel * imageSize.count + corner + pixel / side * width + pixel % side
    }
  }

  /// Normalised values as an image; what is not a number is mid-grey. Of channels that are no colours the first three are
  /// shown as such, or the first alone.
  func image(of values: [Float], _ normalization: Normalization) -> Image {
    let plane = imageSize.count
    let shown = channels < 3 ? 1 : 3
    var pixels = [UInt8](repeating: 128, count: plane * shown)
    for channel in 0..<shown {
      for pixel in 0..<plane {
        let value = values[channel * plane + pixel]
        guard !value.isNaN else { continue }
        let white = value * normalization.deviation[channel] + normalization.mean[channel]
        pixels[pixel * shown + channel] = UInt8(max(0, min(255, (white * 255).rounded())))
      }
    }
    return Image(width: imageSize.width, height: imageSize.height, channels: shown, pixels: pixels)
  }
}
