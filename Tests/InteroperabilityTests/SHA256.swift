/// SHA-256 (FIPS 180-4) in lower-case hexadecimal: what Python's standard library has too.
func sha256(_ bytes: UnsafeRawBufferPointer) -> String {
  var state: [UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
  ]
  let whole = bytes.count / 64 * 64
  for start in stride(from: 0, to: whole, by: 64) {
    compress(&state, UnsafeRawBufferPointer(rebasing: bytes[start..<start + 64]))
  }
  var tail = Array(bytes[whole...]) + [0x80]
  tail += Array(repeating: 0, count: (120 - tail.count % 64) % 64)
  tail += withUnsafeBytes(of: UInt64(bytes.count * 8).bigEndian, Array.init)
  tail.withUnsafeBytes { tail in
    for start in stride(from: 0, to: tail.count, by: 64) {
      compress(&state, UnsafeRawBufferPointer(rebasing: tail[start..<start + 64]))
    }
  }
  return state.map { word in
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }.joined()
}

private func compress(_ state: inout [UInt32], _ block: UnsafeRawBufferPointer) {
  withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { w in
    for i in 0..<16 { w[i] = UInt32(bigEndian: block.loadUnaligned(fromByteOffset: 4 * i, as: UInt32.self)) }
    for i in 16..<64 {
      let s0 = rotated(w[i - 15], 7) ^ rotated(w[i - 15], 18) ^ (w[i - 15] >> 3)
      let s1 = rotated(w[i - 2], 17) ^ rotated(w[i - 2], 19) ^ (w[i - 2] >> 10)
      w[i] = w[i - 16] &+ s0 &+ w[i - 7] &+ s1
    }
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    var (e, f, g, h) = (state[4], state[5], state[6], state[7])
    for i in 0..<64 {
      let first =
        h &+ (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) &+ ((e & f) ^ (~e & g)) &+ constants[i] &+ w[i]
      let second = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) &+ ((a & b) ^ (a & c) ^ (b & c))
      (h, g, f, e, d, c, b, a) = (g, f, e, d &+ first, c, b, a, first &+ second)
    }
    for (i, word) in [a, b, c, d, e, f, g, h].enumerated() { state[i] &+= word }
  }
}

@inline(__always)
private func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 { word >> count | word << (32 - count) }

/// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
private let constants: [UInt32] = {
  var primes: [Int] = []
  var candidate = 2
  while primes.count < 64 {
    if primes.allSatisfy({ !candidate.isMultiple(of: $0) }) { primes.append(candidate) }
    candidate += 1
  }
  return primes.map { prime in
    // The largest integer whose cube is at most prime · 2⁹⁶, by bits; its lower 32 bits are the fraction.
    var root: UInt64 = 0
    for bit in (0..<36).reversed() {
      let next = root | 1 << bit
      let square = next.multipliedFullWidth(by: next)
      // next³ ≤ prime · 2⁹⁶ in exact arithmetic: next² < 2⁷², so the product fits 108 bits.
      let cube = UInt128(high: square.high, low: square.low) * UInt128(next)
      if cube <= UInt128(prime) << 96 { root = next }
    }
    return UInt32(truncatingIfNeeded: root)
  }
}()

extension UInt128 {
  fileprivate init(high: UInt64, low: UInt64) { self = UInt128(high) << 64 | UInt128(low) }
}
