import Checkpoints
import Compute
import MaskedAutoencoder
import Safetensors

/// The input of a comparison: images and the noise that chooses their patches.
struct ParityBatch {
  let images: Int
  /// [B, C·H·W].
  let pixels: [Float]
  /// For each step there is noise for, of each image: [L].
  let noise: [[[Float]]]

  /// - Parameter path: a safetensors file with `pixel_values` [B, C, H, W] and `noise` [B, L] or [N, B, L].
  init(_ path: String, model: ModelConfiguration) throws(InteroperabilityError) {
    let (pixels, pixelShape, noise, noiseShape) = try interoperating(InteroperabilityError.safetensors) {
      () throws(SafetensorsError) in
      let file = try SafetensorsFile(path: path)
      return (
        try file.floats(of: "pixel_values"), try file.tensor(named: "pixel_values").shape,
        try file.floats(of: "noise"), try file.tensor(named: "noise").shape
      )
    }
    let expected = [model.channels, model.imageSize.height, model.imageSize.width]
    guard pixelShape.count == 4, pixelShape[0] >= 1, pixelShape.dropFirst().elementsEqual(expected) else {
      throw .batch(
        path: path, reason: "pixel_values has shape \(pixelShape), expected [B, C, H, W] with C, H, W = \(expected)")
    }
    let images = pixelShape[0]
    let perStep = [images, model.patchCount]
    guard noiseShape == perStep || noiseShape.count == 3 && noiseShape[0] >= 1 && noiseShape[1...] == perStep[...]
    else {
      throw .batch(
        path: path, reason: "noise has shape \(noiseShape), expected \(perStep), or [N] + \(perStep) for N steps")
    }
    self.images = images
    self.pixels = pixels
    let steps = noiseShape.count == 3 ? noiseShape[0] : 1
    self.noise = (0..<steps).map { step in
      (0..<images).map { image in
        let start = (step * images + image) * model.patchCount
        return Array(noise[start..<start + model.patchCount])
      }
    }
  }

  /// The noise of a step; the only one serves all steps.
  func noise(ofStep step: Int) -> [[Float]] { noise.count == 1 ? noise[0] : noise[step] }
}
