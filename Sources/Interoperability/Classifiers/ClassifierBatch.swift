import Classification
import Safetensors

/// The input of a comparison of classifiers: images and, maybe, their labels.
struct ClassifierBatch {
  let images: Int
  /// [B, C·H·W].
  let pixels: [Float]
  let labels: [Int]?

  /// - Parameter path: a safetensors file with `pixel_values` [B, C, H, W] and maybe `labels` [B], as floats.
  init(_ path: String, model: ClassifierSection) throws(InteroperabilityError) {
    let (pixels, shape, labels) = try interoperating(InteroperabilityError.safetensors) { () throws(SafetensorsError) in
      let file = try SafetensorsFile(path: path)
      return (
        try file.floats(of: "pixel_values"), try file.tensor(named: "pixel_values").shape,
        file.contains("labels") ? try file.floats(of: "labels") : nil
      )
    }
    let expected = [model.channels, model.imageSize.height, model.imageSize.width]
    guard shape.count == 4, shape[0] >= 1, shape.dropFirst().elementsEqual(expected) else {
      throw .batch(
        path: path, reason: "pixel_values has shape \(shape), expected [B, C, H, W] with C, H, W = \(expected)")
    }
    if let labels, labels.count != shape[0] || !labels.allSatisfy({ (0..<Float(model.classes)).contains($0) }) {
      throw .batch(path: path, reason: "labels are not one number below \(model.classes) for each image")
    }
    images = shape[0]
    self.pixels = pixels
    self.labels = labels?.map { Int($0) }
  }
}
