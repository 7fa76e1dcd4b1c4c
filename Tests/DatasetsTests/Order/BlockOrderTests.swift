import Datasets
import Testing

@Suite struct BlockOrderTests {
  @Test(arguments: [1, 2, 511, 512, 513, 1024, 8191, 8192, 8193, 8704, 9000, 20_000, 65_537])
  func isAPermutation(count: Int) {
    for epoch in 0..<3 {
      let order = BlockOrder(count: count, seed: 11, epoch: epoch)
      var seen = [Bool](repeating: false, count: count)
      for position in 0..<count { seen[order[position]] = true }
      #expect(seen.allSatisfy { $0 }, "epoch \(epoch)")
    }
  }

  @Test func differsByEpochAndSeed() {
    let orders = [(5, 0), (5, 1), (6, 0)].map { BlockOrder(count: 20_000, seed: $0.0, epoch: $0.1) }
    let firsts = orders.map { order in (0..<1000).map { order[$0] } }
    #expect(Set(firsts).count == 3)
    #expect(BlockOrder(count: 20_000, seed: 5, epoch: 1)[777] == orders[1][777])
  }

  /// A window of 8192 positions reads seventeen pieces at most: sixteen runs, of which one may be cut in two where the data
  /// set ends.
  @Test func aWindowReadsFewPieces() {
    let count = 100_000
    let order = BlockOrder(count: count, seed: 3, epoch: 2)
    for first in stride(from: 0, to: count - 2 * 8192, by: 8192) {
      let samples = (first..<first + 8192).map { order[$0] }.sorted()
      let breaks = zip(samples, samples.dropFirst()).count { $0 + 1 != $1 }
      #expect(breaks <= 16)
    }
    // Yet neighbours in the order are no neighbours on the disk.
    let neighbours = (1..<8192).count { abs(order[$0] - order[$0 - 1]) == 1 }
    // Of 8191 pairs about two are.
    #expect(neighbours < 20)
  }

  /// Over epochs no sample is always in the batch that is left out.
  @Test func whatIsLastChanges() {
    let last = Set((0..<50).map { BlockOrder(count: 1000, seed: 1, epoch: $0)[999] })
    #expect(last.count > 40)
  }
}
