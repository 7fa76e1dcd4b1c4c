import Compute
import VisionTransformer

/// Copies the patches `order` of one image into rows, each in the order (row, column, channel), the order of the
/// predictions, and normalises each by its own mean and unbiased variance, (t − μ)/√(σ² + 1e-6), where the model
/// asks for it (He et al. 2022, §3, "Reconstruction target").
///
/// - Parameters:
///   - output: [order.count, P·P·C], overwritten.
///   - image: C·H·W values, plane after plane.
func gatherTargets(output: Matrix, image: Vector, order: VectorView<Int>, model: ModelConfiguration) {
  let (patch, width, channels) = (model.patchSize, model.imageSize.width, model.channels)
  precondition(image.count == model.imageValues && output.columns == model.patchValues && output.rows == order.count)
  for row in 0..<order.count {
    let corner = model.patches.corner(of: order[row])
    let target = output.row(row)
    for channel in 0..<channels {
      for y in 0..<patch {
        let source = channel * model.imageSize.count + corner + y * width
        for x in 0..<patch { target[(y * patch + x) * channels + channel] = image[source + x] }
      }
    }
    if model.normalizesPixels {
      let statistics = patchStatistics(UnsafeBufferPointer(start: target.base, count: target.count))
      for i in 0..<target.count { target[i] = (target[i] - statistics.mean) / statistics.deviation }
    }
  }
}

/// The mean of a patch's values, and √(σ² + 1e-6) with σ² their unbiased variance.
public func patchStatistics(_ values: some RandomAccessCollection<Float>) -> (mean: Float, deviation: Float) {
  var sum = 0.0
  for value in values { sum += Double(value) }
  let mean = sum / Double(values.count)
  var squares = 0.0
  for value in values { squares += (Double(value) - mean) * (Double(value) - mean) }
  let variance = squares / Double(max(1, values.count - 1))
  return (Float(mean), Float((variance + 1e-6).squareRoot()))
}
