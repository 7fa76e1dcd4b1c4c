/// Philox 4x32-10: a counter-based generator (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3",
/// SC 2011).
///
/// A block of four words is a pure function of a key and a counter, so there is no state to save, and any
/// number of a sequence can be had without its predecessors.
public struct Philox4x32: Sendable {
  public var key: SIMD2<UInt32>

  public init(key: SIMD2<UInt32>) {
    self.key = key
  }

  /// The block of four words at `counter`, after ten rounds.
  @inlinable
  public func block(at counter: SIMD4<UInt32>) -> SIMD4<UInt32> {
    var (c0, c1, c2, c3) = (counter[0], counter[1], counter[2], counter[3])
    var (k0, k1) = (key[0], key[1])
    for _ in 0..<10 {
      let p0 = c0.multipliedFullWidth(by: 0xD251_1F53)
      let p1 = c2.multipliedFullWidth(by: 0xCD9E_8D57)
      (c0, c1, c2, c3) = (p1.high ^ c1 ^ k0, p1.low, p0.high ^ c3 ^ k1, p0.low)
      k0 &+= 0x9E37_79B9
      k1 &+= 0xBB67_AE85
    }
    return SIMD4(c0, c1, c2, c3)
  }
}
