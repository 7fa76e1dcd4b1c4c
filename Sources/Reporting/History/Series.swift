/// A number over the steps of a run, thinned out as it comes to what a page can show: neighbouring steps share a bin that
/// keeps their mean and their extremes, so that no spike is lost, however long the run.
struct Series: Sendable {
  /// A few neighbouring steps.
  struct Bin: Hashable, Sendable {
    var first: Double
    var last: Double
    var count: Int
    var mean: Double
    var low: Double
    var high: Double

    /// Of the middle of them.
    var step: Double { (first + last) / 2 }

    mutating func add(_ other: Bin) {
      let all = Double(count + other.count)
      // Dividing first: the sum of finite values need not be finite.
      mean = mean * (Double(count) / all) + other.mean * (Double(other.count) / all)
      (last, count) = (other.last, count + other.count)
      (low, high) = (min(low, other.low), max(high, other.high))
    }
  }

  private(set) var bins: [Bin] = []
  /// Values of a full bin: a power of two.
  private var width = 1
  /// Once there are twice as many bins, each two become one.
  private let limit: Int

  /// Of the first steps whose value was not finite; they are shown as marks, not as points.
  private(set) var nonFiniteSteps: [Double] = []
  private(set) var nonFiniteCount = 0
  /// The first and last value as they were logged.
  private(set) var first: Double?
  private(set) var last: Double?

  private static let markLimit = 200

  init(limit: Int = 320) {
    self.limit = limit
  }

  /// - Parameter step: above those of before.
  mutating func add(step: Double, value: Double) {
    first = first ?? value
    last = value
    guard value.isFinite else {
      nonFiniteCount += 1
      if nonFiniteSteps.count < Self.markLimit { nonFiniteSteps.append(step) }
      return
    }
    let bin = Bin(first: step, last: step, count: 1, mean: value, low: value, high: value)
    if let end = bins.indices.last, bins[end].count < width {
      bins[end].add(bin)
      return
    }
    if bins.count == 2 * limit { halve() }
    bins.append(bin)
  }

  private mutating func halve() {
    for index in 0..<limit {
      bins[index] = bins[2 * index]
      bins[index].add(bins[2 * index + 1])
    }
    bins.removeLast(limit)
    width *= 2
  }

  /// Whether the thinning hides something that a band between low and high shows.
  var isThinned: Bool { bins.contains { $0.low != $0.high } }

  var count: Int { bins.reduce(0) { $0 + $1.count } }
  var lowest: Double? { bins.map(\.low).min() }
  var highest: Double? { bins.map(\.high).max() }
  /// Of the means over about a twentieth of the values that lie together, the lowest: in a short run a bin alone has a few steps,
  /// whose mean is mostly chance.
  var lowestMean: Double? {
    let length = max(1, bins.count / 20)
    guard bins.count >= length, !bins.isEmpty else { return nil }
    return (0...bins.count - length).map { start in
      bins[start..<start + length].reduce(0) { $0 + $1.mean / Double(length) }
    }.min()
  }

  /// The mean over about the last `share` of the values; nil where there is none.
  func recentMean(share: Double = 0.1) -> Double? {
    guard !bins.isEmpty else { return nil }
    let wanted = max(1, Double(count) * share)
    // The sum of finite values need not be finite; smaller by a power of two, it is, with the same digits.
    let scale = 0x1p-64
    var (sum, taken) = (0.0, 0)
    for bin in bins.reversed() where Double(taken) < wanted {
      sum += bin.mean * scale * Double(bin.count)
      taken += bin.count
    }
    return sum / Double(taken) / scale
  }

  /// The mean over some of the bins, each of the same weight; nil where there is none among them.
  func mean(ofBins stretch: Range<Int>) -> Double? {
    let values = bins[stretch.clamped(to: bins.indices)].map(\.mean)
    return values.isEmpty ? nil : values.reduce(0) { $0 + $1 / Double(values.count) }
  }

  /// By how much the means of neighbouring bins mostly differ: the median, which neither a spike nor a fall at the beginning
  /// moves. Of values that vary by chance alone it is 0.95 of their standard deviation.
  var noise: Double {
    let differences = zip(bins, bins.dropFirst()).map { abs($1.mean - $0.mean) }.sorted()
    return differences.isEmpty ? 0 : differences[differences.count / 2]
  }
}
