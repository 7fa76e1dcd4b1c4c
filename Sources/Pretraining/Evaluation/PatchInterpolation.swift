import Compute
import MaskedAutoencoder
import VisionTransformer

/// What it costs to know nothing but the visible patches: removed ones are filled in smoothly, each pixel being the mean of
/// its neighbours (Laplace's equation). First whole patches are, from the means of the visible ones, then pixels, for some
/// sweeps: enough for the edges of patches, and cheap.
struct PatchInterpolation {
  private static let pixelSweeps = 24

  let model: ModelConfiguration

  /// The loss of an image that is filled in, in the units of the model's own loss.
  ///
  /// With `norm_pix` a fill is taken less its own mean, in units of what deviation the visible patches have: what its patch
  /// has is not known.
  ///
  /// - Parameters:
  ///   - image: normalised values, C·H·W.
  ///   - order: its patches, the visible ones first.
  ///   - targets: of the removed ones, [removed, P·P·C].
  func loss(image: Vector, order: [Int], targets: Matrix) -> Double {
    let visible = Array(order.prefix(model.visibleCount))
    let planes = (0..<model.channels).map { channel in
      fill(image[channel * model.imageSize.count..<(channel + 1) * model.imageSize.count], visible)
    }
    let deviation = model.normalizesPixels ? visibleDeviation(image, visible) : 1
    var squares = 0.0
    for (row, patch) in order.dropFirst(model.visibleCount).enumerated() {
      let values = pixels(of: patch).flatMap { pixel in planes.map { $0[pixel] } }
      let mean = model.normalizesPixels ? values.reduce(0, +) / Double(values.count) : 0
      for (place, value) in values.enumerated() {
        let error = (value - mean) / deviation - Double(targets[row, place])
        squares += error * error
      }
    }
    return squares / Double(targets.rows * targets.columns)
  }

  /// One channel with its removed patches filled in.
  private func fill(_ plane: Vector, _ visible: [Int]) -> [Double] {
    let (grid, size) = (model.grid, model.imageSize)
    var isKnown = [Bool](repeating: false, count: grid.count)
    var means = [Double](repeating: 0, count: grid.count)
    for patch in visible {
      isKnown[patch] = true
      means[patch] =
        pixels(of: patch).reduce(0.0) { $0 + Double(plane[$1]) } / Double(model.patchSize * model.patchSize)
    }
    let mean = visible.reduce(0.0) { $0 + means[$1] } / Double(visible.count)
    for patch in means.indices where !isKnown[patch] { means[patch] = mean }
    smooth(&means, grid, sweeps: 4 * max(grid.height, grid.width)) { isKnown[$0] }

    var isKnownPixel = [Bool](repeating: false, count: size.count)
    var values = [Double](repeating: 0, count: size.count)
    for patch in 0..<grid.count {
      for pixel in pixels(of: patch) {
        isKnownPixel[pixel] = isKnown[patch]
        values[pixel] = isKnown[patch] ? Double(plane[pixel]) : means[patch]
      }
    }
    smooth(&values, size, sweeps: Self.pixelSweeps) { isKnownPixel[$0] }
    return values
  }

  /// Puts the mean of its neighbours in the place of each value that is not known, from the first to the last, so many times.
  private func smooth(_ values: inout [Double], _ size: GridSize, sweeps: Int, isKnown: (Int) -> Bool) {
    for _ in 0..<sweeps {
      for row in 0..<size.height {
        for column in 0..<size.width where !isKnown(row * size.width + column) {
          let place = row * size.width + column
          var (sum, count) = (0.0, 0.0)
          if row > 0 { (sum, count) = (sum + values[place - size.width], count + 1) }
          if row < size.height - 1 { (sum, count) = (sum + values[place + size.width], count + 1) }
          if column > 0 { (sum, count) = (sum + values[place - 1], count + 1) }
          if column < size.width - 1 { (sum, count) = (sum + values[place + 1], count + 1) }
          if count > 0 { values[place] = sum / count }
        }
      }
    }
  }

  /// The root of the mean variance of the visible patches.
  private func visibleDeviation(_ image: Vector, _ visible: [Int]) -> Double {
    let squares = visible.reduce(0.0) { sum, patch in
      let values = pixels(of: patch).flatMap { pixel in
        (0..<model.channels).map { image[$0 * model.imageSize.count + pixel] }
      }
      let deviation = Double(patchStatistics(values).deviation)
      return sum + deviation * deviation
    }
    return (squares / Double(visible.count)).squareRoot()
  }

  /// Where the pixels of a patch lie in a plane, row after row.
  private func pixels(of patch: Int) -> [Int] {
    let (side, width) = (model.patchSize, model.imageSize.width)
    let corner = model.patches.corner(of: patch)
    return (0..<side * side).map { corner + $0 / side * width + $0 % side }
  }
}
