import Compute

/// The passes over floats that cross as `BFloat16`: sixteen at a time, at the speed of memory. Vectors and addresses
/// need no alignment.

/// Writes the floats, rounded, to `message`.
func encode(_ floats: Vector, into message: UnsafeMutablePointer<BFloat16>) {
  let (source, target) = (UnsafeRawPointer(floats.base), UnsafeMutableRawPointer(message))
  let blocked = floats.count & ~15
  var index = 0
  while index < blocked {
    let bits = source.loadUnaligned(fromByteOffset: index * 4, as: SIMD16<UInt32>.self).roundedToBFloat16
    // Their upper halves: one permutation, where a conversion of numbers would take many steps.
    target.storeBytes(
      of: unsafeBitCast(bits, to: SIMD32<UInt16>.self).oddHalf, toByteOffset: index * 2, as: SIMD16<UInt16>.self)
    index &+= 16
  }
  while index < floats.count {
    message[index] = BFloat16(floats[index])
    index &+= 1
  }
}

/// Writes a message's numbers, exactly, to `floats`.
func decode(_ message: UnsafePointer<BFloat16>, into floats: Vector) {
  let (source, target) = (UnsafeRawPointer(message), UnsafeMutableRawPointer(floats.base))
  let blocked = floats.count & ~15
  var index = 0
  while index < blocked {
    let bits = widened(source.loadUnaligned(fromByteOffset: index * 2, as: SIMD16<UInt16>.self))
    target.storeBytes(of: bits, toByteOffset: index * 4, as: SIMD16<UInt32>.self)
    index &+= 16
  }
  while index < floats.count {
    floats[index] = message[index].float
    index &+= 1
  }
}

/// `floats = rounded(floats) + message`.
///
/// - Parameter messageIsLeft: the order matters only for the payload of a NaN.
func addRounded(_ floats: Vector, _ message: UnsafePointer<BFloat16>, messageIsLeft: Bool) {
  let (bytes, other) = (UnsafeMutableRawPointer(floats.base), UnsafeRawPointer(message))
  let blocked = floats.count & ~15
  var index = 0
  while index < blocked {
    let own = bytes.loadUnaligned(fromByteOffset: index * 4, as: SIMD16<UInt32>.self).roundedToBFloat16.floats
    let received = widened(other.loadUnaligned(fromByteOffset: index * 2, as: SIMD16<UInt16>.self)).floats
    bytes.storeBytes(
      of: messageIsLeft ? received + own : own + received, toByteOffset: index * 4, as: SIMD16<Float>.self)
    index &+= 16
  }
  while index < floats.count {
    let (own, received) = (BFloat16(floats[index]).float, message[index].float)
    floats[index] = messageIsLeft ? received + own : own + received
    index &+= 1
  }
}

/// Rounds the floats in place.
func roundToBFloat16(_ floats: Vector) {
  let bytes = UnsafeMutableRawPointer(floats.base)
  let blocked = floats.count & ~15
  var index = 0
  while index < blocked {
    let bits = bytes.loadUnaligned(fromByteOffset: index * 4, as: SIMD16<UInt32>.self).roundedToBFloat16
    bytes.storeBytes(of: bits, toByteOffset: index * 4, as: SIMD16<UInt32>.self)
    index &+= 16
  }
  while index < floats.count {
    floats[index] = BFloat16(floats[index]).float
    index &+= 1
  }
}

extension SIMD16<UInt32> {
  /// The bits of sixteen floats after `BFloat16.init(_:)`: the lower halves are zero.
  @inline(__always)
  fileprivate var roundedToBFloat16: SIMD16<UInt32> {
    let odd = (self &>> 16) & SIMD16(repeating: 1)
    let nearest = self &+ SIMD16(repeating: 0x7FFF) &+ odd
    let quiet = self | SIMD16(repeating: 0x40_0000)
    return nearest.replacing(with: quiet, where: floats .!= floats) & SIMD16(repeating: 0xFFFF_0000)
  }

  @inline(__always)
  fileprivate var floats: SIMD16<Float> { unsafeBitCast(self, to: SIMD16<Float>.self) }
}

@inline(__always)
private func widened(_ halves: SIMD16<UInt16>) -> SIMD16<UInt32> {
  SIMD16<UInt32>(truncatingIfNeeded: halves) &<< 16
}
