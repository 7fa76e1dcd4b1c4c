import Collectives
import Compute

let lengths = [0, 1, 7, 64, 1000, 4096, 4097, 300_000, 3_000_001]

/// `allreduceSum`, and `reduceScatterSum` with `allgather`, on eight shards. Prints a hash of all results, which must
/// not depend on the number of ranks where that divides eight.
func checkSums(_ communicator: any Communicator) throws {
  var hash = BitHash()
  for length in lengths {
    let own = AlignedBuffer<Float>(repeating: 0, count: length)
    defer { extendLifetime(own) }
    let sum = AlignedBuffer<Float>(repeating: 0, count: length)
    defer { extendLifetime(sum) }
    Shards.sumOwn(into: own.all, communicator: communicator)
    sum.base.update(from: own.base, count: length)
    try communicator.allreduceSum(sum.all, wire: .fp32)
    try check(sum.all, communicator)
    hash.add(sum.all)

    let parts = AlignedBuffer<Float>(repeating: 0, count: length)
    defer { extendLifetime(parts) }
    parts.base.update(from: own.base, count: length)
    try communicator.reduceScatterSum(parts.all, wire: .fp32)
    let owned = communicator.owned(ofCount: length, by: communicator.rank)
    try expectEqual(parts.all[owned], sum.all[owned], "reduceScatterSum of \(length) floats")
    try checkCover(length: length, communicator)
    for index in 0..<length where !owned.contains(index) {
      parts.base[index] = .nan
    }
    try communicator.allgather(parts.all)
    try expectEqual(parts.all, sum.all, "allgather of \(length) floats")
  }
  let hashes = try communicator.allgather("\(hash.value)")
  guard Set(hashes).count == 1 else { throw CheckFailure("ranks have different sums: \(hashes)") }
  if communicator.rank == 0 {
    print("hash \(String(hash.value, radix: 16))")
  }
}

/// The tree's bits for numbers of ranks that promise them; otherwise right within the bound for any order.
private func check(_ sum: Vector, _ communicator: any Communicator) throws {
  let isExact = Shards.tree.supportsEqualBits(ranks: communicator.size)
  for index in 0..<sum.count {
    if isExact {
      let expected = Shards.treeSum(at: index)
      guard sum[index].bitPattern == expected.bitPattern else {
        throw CheckFailure("element \(index) of \(sum.count) is \(sum[index]), by the tree \(expected)")
      }
    } else {
      // Eight numbers take seven additions, so any order errs by at most γ7 = 7u/(1 - 7u) of the sum of magnitudes
      // (Higham, Accuracy and Stability, §4.2), u = 2^-24. The sums in double err by far less: 8u is above both.
      let values = (0..<8).map { Double(Shards.value(shard: $0, index: index)) }
      let error = abs(Double(sum[index]) - values.reduce(0, +))
      let bound = 8 * 0x1p-24 * values.reduce(0) { $0 + abs($1) }
      guard error <= bound else {
        throw CheckFailure("element \(index) of \(sum.count) is off by \(error), above \(bound)")
      }
    }
  }
}

/// The ranges of all ranks must cover each element once, and start where they may.
private func checkCover(length: Int, _ communicator: any Communicator) throws {
  let ranges = (0..<communicator.size).map { communicator.owned(ofCount: length, by: $0) }.filter { !$0.isEmpty }
  var end = 0
  for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
    guard range.lowerBound == end, end.isMultiple(of: ownershipAlignment) else {
      throw CheckFailure("ranges of \(length) floats overlap, leave a hole or are not aligned: \(ranges)")
    }
    end = range.upperBound
  }
  guard end == length else { throw CheckFailure("ranges cover \(end) of \(length) floats") }
}

func expectEqual(_ found: Vector, _ expected: Vector, _ what: String) throws {
  for index in 0..<expected.count where found[index].bitPattern != expected[index].bitPattern {
    throw CheckFailure("\(what): element \(index) is \(found[index]), expected \(expected[index])")
  }
}
