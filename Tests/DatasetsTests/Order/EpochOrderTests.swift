import Datasets
import Foundation
import Testing

struct OrderCase: Decodable {
  let count: Int
  let seed: UInt64
  let epoch: Int
  let order: [Int]
}

@Suite struct EpochOrderTests {
  /// The order is part of every run's recipe: another one would change the bits of runs that are resumed.
  @Test func agreesWithTheSecondImplementation() throws {
    let cases: [OrderCase] = try Fixture.cases("epoch_order.json")
    #expect(cases.count == 6)
    for item in cases {
      let order = EpochOrder(count: item.count, seed: item.seed, epoch: item.epoch)
      #expect((0..<item.count).map { order[$0] } == item.order, "\(item.count) samples")
    }
  }

  @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 32, 33, 100, 1000, 1023, 60000, 65537])
  func isAPermutation(count: Int) {
    for epoch in 0..<3 {
      let order = EpochOrder(count: count, seed: 11, epoch: epoch)
      var seen = [Bool](repeating: false, count: count)
      for position in 0..<count { seen[order[position]] = true }
      #expect(seen.allSatisfy { $0 }, "epoch \(epoch)")
    }
  }

  @Test func differsByEpochAndSeed() {
    let first = EpochOrder(count: 1000, seed: 5, epoch: 0)
    for other in [EpochOrder(count: 1000, seed: 5, epoch: 1), EpochOrder(count: 1000, seed: 6, epoch: 0)] {
      let equal = (0..<1000).count { first[$0] == other[$0] }
      // Two random permutations agree in k places with the probability of a Poisson variable of mean 1: more than 12 is
      // rarer than 1 in 10^10.
      #expect(equal <= 12)
    }
  }

  /// Which sample comes first, over epochs.
  @Test(arguments: [2, 3, 5, 7, 12, 20, 100]) func everySampleComesFirstEquallyOften(count: Int) {
    var counts = [Int](repeating: 0, count: count)
    for epoch in 0..<count * 300 { counts[EpochOrder(count: count, seed: 1, epoch: epoch)[0]] += 1 }
    #expect(chiSquare(counts) < chiSquareBound(freedom: count - 1))
  }

  /// All 24 orders of four samples, over seeds.
  @Test func everyOrderOfFourIsEquallyLikely() {
    var counts: [[Int]: Int] = [:]
    for seed in 0..<24 * 500 {
      let order = EpochOrder(count: 4, seed: UInt64(seed), epoch: 0)
      counts[(0..<4).map { order[$0] }, default: 0] += 1
    }
    #expect(counts.count == 24)
    #expect(chiSquare(Array(counts.values)) < chiSquareBound(freedom: 23))
  }

  /// Within one epoch of a large set: where the first tenth comes from, and how far neighbours are apart.
  @Test func aLargeEpochHasNoTrend() {
    let count = 60000
    let order = EpochOrder(count: count, seed: 3, epoch: 2)
    var origins = [Int](repeating: 0, count: 100)
    for position in 0..<count / 10 { origins[order[position] * 100 / count] += 1 }
    #expect(chiSquare(origins) < chiSquareBound(freedom: 99))
    var distances = [Int](repeating: 0, count: 100)
    for position in stride(from: 0, to: count, by: 2) {
      distances[((order[position + 1] - order[position] + count) % count) * 100 / count] += 1
    }
    #expect(chiSquare(distances) < chiSquareBound(freedom: 99))
  }
}

/// Pearson's statistic against equal expectations.
private func chiSquare(_ counts: [Int]) -> Double {
  let expected = Double(counts.reduce(0, +)) / Double(counts.count)
  return counts.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
}

/// The quantile of chi-square that a fair draw exceeds once in a million times (the normal quantile 4.753), by Wilson
/// and Hilferty's approximation. Orders are fixed by their seeds, so a test that passes once always passes.
private func chiSquareBound(freedom: Int) -> Double {
  let k = Double(freedom)
  let root = 1 - 2 / (9 * k) + 4.753 * (2 / (9 * k)).squareRoot()
  return k * root * root * root
}
