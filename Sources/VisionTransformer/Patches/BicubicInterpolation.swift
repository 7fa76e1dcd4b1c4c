/// Resizes a table of rows that belong to the places of a grid: what timm does with position embeddings of another
/// image size (bicubic with a = −0.5 and antialiasing, half-pixel centres, as torch's
/// `interpolate(mode="bicubic", antialias=True)`).
///
/// - Parameters:
///   - rows: [from.height · from.width, width], the grid's rows one after another.
/// - Returns: [to.height · to.width, width].
public func interpolateBicubic(_ rows: [Float], width: Int, from: GridSize, to: GridSize) -> [Float] {
  precondition(rows.count == from.count * width, "\(rows.count) floats are not \(from.count) rows of \(width)")
  let (vertical, horizontal) = (
    CubicWeights(from: from.height, to: to.height), CubicWeights(from: from.width, to: to.width)
  )
  // Across first, then down, as torch does.
  var middle = [Float](repeating: 0, count: from.height * to.width * width)
  for y in 0..<from.height {
    for x in 0..<to.width {
      let target = (y * to.width + x) * width
      for (source, weight) in horizontal.taps[x] {
        let start = (y * from.width + source) * width
        for i in 0..<width { middle[target + i] += weight * rows[start + i] }
      }
    }
  }
  var result = [Float](repeating: 0, count: to.count * width)
  for y in 0..<to.height {
    for x in 0..<to.width {
      let target = (y * to.width + x) * width
      for (source, weight) in vertical.taps[y] {
        let start = (source * to.width + x) * width
        for i in 0..<width { result[target + i] += weight * middle[start + i] }
      }
    }
  }
  return result
}

/// Which values along one axis make up each new one, and how much of each.
private struct CubicWeights {
  let taps: [[(source: Int, weight: Float)]]

  init(from: Int, to: Int) {
    let scale = Double(from) / Double(to)
    let stretch = max(1, scale)
    taps = (0..<to).map { index in
      let center = scale * (Double(index) + 0.5)
      let first = max(0, Int(center - 2 * stretch + 0.5))
      let last = min(from, Int(center + 2 * stretch + 0.5))
      let weights = (first..<last).map { cubic((Double($0) - center + 0.5) / stretch) }
      let sum = weights.reduce(0, +)
      return zip(first..<last, weights).map { ($0, Float($1 / sum)) }
    }
  }
}

/// Keys' cubic convolution kernel with a = −0.5 (Keys 1981).
private func cubic(_ x: Double) -> Double {
  let a = -0.5
  let x = abs(x)
  if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
}
