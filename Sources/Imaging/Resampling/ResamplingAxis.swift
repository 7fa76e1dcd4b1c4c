/// How one axis of an image is resampled: which source samples each output position takes, and how much of
/// each.
///
/// The arithmetic is that of Pillow's `Image.resize(…, BICUBIC, box: …)`, step by step, so that results are equal in
/// every bit: Keys' cubic kernel with a = -0.5, stretched by the scale when shrinking (that is what makes it
/// antialiased), weights normalised in double and, for 8-bit images, rounded to 22 fractional bits.
struct ResamplingAxis {
  /// First source sample of each output position.
  private(set) var starts: [Int] = []
  /// How many source samples each output position takes.
  private(set) var counts: [Int] = []
  /// `stride` weights for each output position, those past its count unused.
  private(set) var weights: [Double] = []
  private(set) var stride = 0

  static let fractionBits: Int32 = 22

  /// The source samples that any output position takes.
  var sourceRange: Range<Int> {
    // Starts and ends grow with the position.
    starts[0]..<starts[starts.count - 1] + counts[counts.count - 1]
  }

  /// The weights with `fractionBits` binary places.
  var fixedPointWeights: [Int32] {
    weights.map { weight in
      let scaled = weight * Double(1 << Self.fractionBits)
      return Int32(scaled < 0 ? scaled - 0.5 : scaled + 0.5)
    }
  }

  /// Plans `kept`, a part of the `outputCount` positions that together cover `from ..< to` of the source.
  ///
  /// - Parameters:
  ///   - visible: the source samples that the kernel may see; what lies outside does not exist for it.
  ///   - from, to: the edges of what is resampled, counted from the first visible sample, as pixel edges.
  mutating func plan(visible: Range<Int>, from: Float, to: Float, outputCount: Int, kept: Range<Int>) {
    precondition(!visible.isEmpty && 0 <= from && from < to && to <= Float(visible.count), "box outside the image")
    precondition(!kept.isEmpty && kept.lowerBound >= 0 && kept.upperBound <= outputCount, "nothing to compute")
    let scale = Double(to - from) / Double(outputCount)
    let stretch = max(scale, 1)
    let support = 2 * stretch
    stride = Int(support.rounded(.up)) * 2 + 1
    starts.removeAll(keepingCapacity: true)
    counts.removeAll(keepingCapacity: true)
    weights.removeAll(keepingCapacity: true)

    for position in kept {
      let center = Double(from) + (Double(position) + 0.5) * scale
      let start = max(0, Int(center - support + 0.5))
      let end = min(visible.count, Int(center + support + 0.5))
      let first = weights.count
      var sum = 0.0
      for sample in start..<end {
        let weight = cubic((Double(sample) - center + 0.5) * (1 / stretch))
        weights.append(weight)
        sum += weight
      }
      if sum != 0 {
        for index in first..<weights.count { weights[index] /= sum }
      }
      weights.append(contentsOf: repeatElement(0, count: stride - (end - start)))
      starts.append(visible.lowerBound + start)
      counts.append(end - start)
    }
  }
}

/// Keys' cubic convolution kernel with a = -0.5.
private func cubic(_ distance: Double) -> Double {
  let a = -0.5
  let x = abs(distance)
  if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
  if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
  return 0
}
