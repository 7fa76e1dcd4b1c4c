import Collectives
import Compute

/// Sums that cross as `BFloat16`. Prints a hash of all results: it must repeat for a number of ranks, whatever the way.
func checkBFloat16(_ communicator: any Communicator) throws {
  var hash = BitHash()
  for length in lengths {
    let own = AlignedBuffer<Float>(repeating: 0, count: length)
    defer { extendLifetime(own) }
    let sum = AlignedBuffer<Float>(repeating: 0, count: length)
    defer { extendLifetime(sum) }
    Shards.sumOwn(into: own.all, communicator: communicator)
    sum.base.update(from: own.base, count: length)
    try communicator.allreduceSum(sum.all, wire: .bf16)
    for index in 0..<length { try check(sum.base[index], at: index, communicator) }
    hash.add(sum.all)

    let parts = AlignedBuffer<Float>(repeating: 0, count: length)
    defer { extendLifetime(parts) }
    parts.base.update(from: own.base, count: length)
    try communicator.reduceScatterSum(parts.all, wire: .bf16)
    let owned = communicator.owned(ofCount: length, by: communicator.rank)
    try expectEqual(parts.all[owned], sum.all[owned], "reduceScatterSum of \(length) floats")
    try communicator.allgather(parts.all)
    try expectEqual(parts.all, sum.all, "allgather of \(length) floats")
  }
  try checkNonFinite(communicator)
  let hashes = try communicator.allgather("\(hash.value)")
  guard Set(hashes).count == 1 else { throw CheckFailure("ranks have different sums: \(hashes)") }
  if communicator.rank == 0 { print("hash \(String(hash.value, radix: 16))") }
}

/// The bits of the sum written out by hand for two and four ranks, and the bound on its error for any number.
private func check(_ sum: Float, at index: Int, _ communicator: any Communicator) throws {
  let ranks = communicator.size
  func part(_ rank: Int) -> Float { Shards.ownSum(at: index, rank: rank, ranks: ranks) }
  func rounded(_ value: Float) -> Float { BFloat16(value).float }
  let byHand: Float? =
    switch ranks {
    case 1: part(0)
    case 2: rounded(rounded(part(0)) + rounded(part(1)))
    case 3: rounded(rounded(rounded(part(0)) + rounded(part(2))) + rounded(part(1)))
    case 4:
      rounded(rounded(rounded(part(0)) + rounded(part(1))) + rounded(rounded(part(2)) + rounded(part(3))))
    default: nil
    }
  if let byHand, byHand.bitPattern != sum.bitPattern {
    throw CheckFailure("element \(index) is \(sum), by hand \(byHand)")
  }
  // Each part is rounded at most ⌈log2 ranks⌉ + 1 times to eight bits and takes part in as many additions less one, so
  // that it comes with a factor (1 + δ)^k, |δ| ≤ 2⁻⁸, and (1 + ε)^(k − 1), |ε| ≤ 2⁻²⁴ (Higham, Accuracy and Stability,
  // §3.1). The magnitudes are far from where BFloat16 loses bits. The reference errs by less than one ε of the sum of
  // magnitudes.
  var steps = 0
  while 1 << steps < ranks { steps += 1 }
  var factor = 1.0
  if ranks > 1 {
    for _ in 0...steps { factor *= 1 + 0x1p-8 }
    for _ in 0...steps { factor *= 1 + 0x1p-24 }
  }
  let parts = (0..<ranks).map { Double(part($0)) }
  let error = abs(Double(sum) - parts.reduce(0, +))
  let bound = (factor - 1 + 0x1p-24) * parts.reduce(0) { $0 + abs($1) }
  guard error <= bound else { throw CheckFailure("element \(index) is off by \(error), above \(bound)") }
}

/// What is not finite on one rank is not finite on all, a NaN of any bits included, and neighbours stay finite.
private func checkNonFinite(_ communicator: any Communicator) throws {
  for bits: UInt32 in [0x7F80_0000, 0xFF80_0000, 0x7FC0_0000, 0x7FFF_FFFF, 0xFFFF_FFFF, 0x7F80_0001, 0x7F7F_FFFF] {
    for position in [0, 5, 31, 32, 34] {
      let vector = AlignedBuffer<Float>(repeating: 1, count: 35)
      defer { extendLifetime(vector) }
      if communicator.rank == communicator.size - 1 { vector.base[position] = Float(bitPattern: bits) }
      try communicator.allreduceSum(vector.all, wire: .bf16)
      for index in 0..<35 {
        // The largest float is nearer to the infinity of BFloat16 than to its largest number.
        let isFinite = index != position || (bits == 0x7F7F_FFFF && communicator.size == 1)
        guard vector.base[index].isFinite == isFinite else {
          throw CheckFailure("\(String(bits, radix: 16)) at \(position): element \(index) is \(vector.base[index])")
        }
      }
    }
  }
}
