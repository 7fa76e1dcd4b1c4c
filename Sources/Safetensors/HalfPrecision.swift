/// The value of 16 bits of bfloat16: the upper half of a binary32, so nothing is lost.
@inlinable
public func float(bfloat16 bits: UInt16) -> Float {
  Float(bitPattern: UInt32(bits) << 16)
}

/// The value of 16 bits of IEEE binary16; binary32 holds each of them exactly.
@inlinable
public func float(float16 bits: UInt16) -> Float {
  Float(Float16(bitPattern: bits))
}

/// The nearest bfloat16, the even one of two that are equally near. What is too large becomes infinite; a NaN
/// stays one.
@inlinable
public func bfloat16(_ value: Float) -> UInt16 {
  let bits = value.bitPattern
  if value.isNaN {
    // Rounding could carry a NaN into infinity; the quiet bit makes sure that a payload bit survives.
    return UInt16(bits >> 16) | 0x0040
  }
  return UInt16((bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
}
