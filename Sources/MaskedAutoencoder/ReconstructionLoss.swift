import Compute

/// The squared error of the painted patches, averaged over the values of the removed patches of each image and summed
/// over the images (He et al. 2022, §3, "Reconstruction target").
///
/// The division by the number of images is left to the end of the step, when the sums of all virtual workers have met.
///
/// - Parameters:
///   - predictions: [images·removed, P·P·C]; becomes the gradient of the returned sum.
///   - targets: of the same shape.
///   - rowsPerImage: removed patches of an image.
/// - Returns: the sum over images, added up in double precision from the first row to the last.
func reconstructionLoss(predictions: Matrix, targets: Matrix, rowsPerImage: Int) -> Double {
  precondition(predictions.rows == targets.rows && predictions.columns == targets.columns)
  let scale = 1 / Double(rowsPerImage * predictions.columns)
  var total = 0.0
  for row in 0..<predictions.rows {
    total += Double(
      squaredError(
        predictions: predictions.row(row), targets: targets.row(row), gradientScale: Float(2 * scale)))
  }
  return total * scale
}
