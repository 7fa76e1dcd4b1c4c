/// A measurement over the steps of a run, thinned out to what a page can show.
struct Curve {
  /// A few neighbouring steps.
  struct Bin: Hashable {
    /// Of the middle of them.
    var step: Double
    var mean: Double
    var low: Double
    var high: Double
  }

  let bins: [Bin]
  /// Steps whose value was not finite; they are shown as marks, not as points.
  let nonFiniteSteps: [Double]
  /// The last value as it was logged.
  let last: Double?

  /// - Parameters:
  ///   - points: in the order of their steps.
  ///   - limit: the most bins there may be.
  init(_ points: [(step: Double, value: Double)], bins limit: Int) {
    let finite = points.filter { $0.value.isFinite }
    nonFiniteSteps = points.filter { !$0.value.isFinite }.map(\.step)
    last = points.last?.value
    let size = max(1, (finite.count + limit - 1) / limit)
    bins = stride(from: 0, to: finite.count, by: size).map { start in
      let part = finite[start..<min(start + size, finite.count)]
      // Dividing first: the sum of finite values need not be finite.
      let mean = part.reduce(0) { $0 + $1.value / Double(part.count) }
      return Bin(
        step: (part.first!.step + part.last!.step) / 2, mean: mean,
        low: part.map(\.value).min()!, high: part.map(\.value).max()!)
    }
  }

  /// Whether the thinning hides something that a band between low and high shows.
  var isThinned: Bool { bins.contains { $0.low != $0.high } }
}
