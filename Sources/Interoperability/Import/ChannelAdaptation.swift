/// The patch embedding's weight for images of another number of channels, as timm does it: to one channel the sum over
/// the old ones, which sees a grey image as the old weight saw it in colour; to more or fewer the old ones in turn,
/// scaled so that the response keeps its size.
///
/// - Parameter weight: [D, from, P·P].
/// - Returns: [D, to, P·P].
func adaptProjection(_ weight: [Float], width: Int, pixels: Int, from: Int, to: Int) -> [Float] {
  precondition(weight.count == width * from * pixels)
  var result = [Float](repeating: 0, count: width * to * pixels)
  let scale = Float(from) / Float(to)
  for row in 0..<width {
    for channel in 0..<to {
      let target = (row * to + channel) * pixels
      for source in to == 1 ? Array(0..<from) : [channel % from] {
        let start = (row * from + source) * pixels
        for i in 0..<pixels { result[target + i] += (to == 1 ? 1 : scale) * weight[start + i] }
      }
    }
  }
  return result
}

/// The prediction's weight or bias for another number of channels: to one channel the mean of the old ones, to others
/// the old ones in turn.
///
/// - Parameter rows: [P·P, from, width].
/// - Returns: [P·P, to, width].
func adaptPrediction(_ rows: [Float], pixels: Int, width: Int, from: Int, to: Int) -> [Float] {
  precondition(rows.count == pixels * from * width)
  var result = [Float](repeating: 0, count: pixels * to * width)
  for pixel in 0..<pixels {
    for channel in 0..<to {
      let target = (pixel * to + channel) * width
      for source in to == 1 ? Array(0..<from) : [channel % from] {
        let start = (pixel * from + source) * width
        for i in 0..<width { result[target + i] += rows[start + i] / (to == 1 ? Float(from) : 1) }
      }
    }
  }
  return result
}

/// The same for a statistic of each channel.
func adaptStatistic(_ values: [Double], to count: Int) -> [Double] {
  if values.count == count { return values }
  if count == 1 { return [values.reduce(0, +) / Double(values.count)] }
  return (0..<count).map { values[$0 % values.count] }
}
