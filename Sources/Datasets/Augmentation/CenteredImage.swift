import Imaging

extension ImageSource {
  /// Writes an image as evaluation takes it to `output`: resized, its centre, nothing random.
  ///
  /// - Throws: a bad image where this one cannot be used. No other stands in for it.
  public func writeCenter(
    of index: Int, _ crop: CenterCrop, alpha: AlphaTreatment, into output: PlanarImage, using resizer: inout Resizer
  ) throws(DatasetError) {
    let image = try image(at: index, channels: output.shape.channels, alpha: alpha)
    let pixels = output.prepare(image.samples.kind)
    resizer.centerCrop(image, crop, into: pixels)
    guard pixels.isFinite else { throw .badImage(notFinite(index)) }
  }
}
