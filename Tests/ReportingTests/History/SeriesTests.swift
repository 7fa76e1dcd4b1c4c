import Testing

@testable import Reporting

struct SeriesTests {
  @Test("a short series has a bin for each value")
  func short() {
    var series = Series(limit: 4)
    for step in 1...8 { series.add(step: Double(step), value: Double(step * step)) }
    #expect(series.bins.map(\.mean) == (1...8).map { Double($0 * $0) })
    #expect(series.bins.map(\.step) == (1...8).map(Double.init))
    #expect(!series.isThinned && series.first == 1 && series.last == 64 && series.count == 8)
  }

  /// Whatever is dropped, the extremes and the mean of all are what they were.
  @Test("a long series is bounded, and keeps its extremes and its mean", arguments: [9, 100, 1000, 4097])
  func long(count: Int) {
    var series = Series(limit: 4)
    var values: [Double] = []
    for step in 1...count {
      let value = step == count / 2 ? 1000 : step == count / 3 ? -1000 : Double(step % 7)
      values.append(value)
      series.add(step: Double(step), value: value)
    }
    #expect(series.bins.count <= 8 && series.bins.count >= 4)
    #expect(series.isThinned && series.count == count)
    #expect(series.lowest == -1000 && series.highest == 1000)
    let mean = series.bins.reduce(0) { $0 + $1.mean * Double($1.count) } / Double(count)
    // Each of the additions and products rounds once, and 1000 is the largest of the values.
    #expect(abs(mean - values.reduce(0, +) / Double(count)) < Double(3 * count) * 1000 * .ulpOfOne)
    #expect(series.bins.first?.first == 1 && series.bins.last?.last == Double(count))
    for (before, after) in zip(series.bins, series.bins.dropFirst()) { #expect(before.last + 1 == after.first) }
    // All but the last are of one size.
    #expect(Set(series.bins.dropLast().map(\.count)).count == 1)
  }

  @Test("values that are not finite are counted, and drawn by nobody")
  func nonFinite() {
    var series = Series(limit: 4)
    for step in 1...1000 { series.add(step: Double(step), value: step.isMultiple(of: 2) ? .nan : 1) }
    #expect(series.nonFiniteCount == 500 && series.nonFiniteSteps.count == 200)
    #expect(series.bins.allSatisfy { $0.mean == 1 } && series.last?.isNaN == true)
  }

  @Test("huge values do not become infinite in a mean")
  func huge() {
    var series = Series(limit: 1)
    for step in 1...64 { series.add(step: Double(step), value: step.isMultiple(of: 2) ? 1.7e308 : -1.7e308) }
    #expect(series.bins.allSatisfy { $0.mean.isFinite && $0.low == -1.7e308 && $0.high == 1.7e308 })
    var constant = Series()
    for step in 1...100 { constant.add(step: Double(step), value: 0x1p1023) }
    #expect(constant.recentMean() == 0x1p1023)
  }

  @Test func noiseIsTheUsualDifferenceOfNeighbours() {
    var series = Series()
    for step in 1...100 { series.add(step: Double(step), value: step == 1 ? 1000 : step.isMultiple(of: 2) ? 5 : 5.5) }
    #expect(series.noise == 0.5)
    #expect(series.mean(ofBins: 1..<3) == 5.25 && series.mean(ofBins: 98..<200) == 5.25)
    #expect(Series().noise == 0 && Series().mean(ofBins: 0..<1) == nil)
  }

  @Test func recentMeansAreOfTheEnd() {
    var series = Series(limit: 1000)
    for step in 1...1000 { series.add(step: Double(step), value: step > 900 ? 5 : 1) }
    #expect(series.recentMean() == 5)
    #expect(series.recentMean(share: 0.2) == 3)
    #expect(Series().recentMean() == nil)
  }

  @Test func theLowestMeanIsOfManyValues() {
    var series = Series(limit: 1000)
    for step in 1...160 { series.add(step: Double(step), value: step == 50 ? 1 : step > 100 && step <= 108 ? 3 : 5) }
    #expect(series.lowestMean == 3 && series.lowest == 1)
    #expect(Series().lowestMean == nil)
  }
}
