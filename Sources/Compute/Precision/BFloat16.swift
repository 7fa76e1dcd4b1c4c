/// The upper half of a `Float`: its sign, its eight bits of exponent, and seven bits of fraction ("brain floating point",
/// 2⁻⁸ relative rounding error). Storage only: all arithmetic is in `Float`.
public struct BFloat16: BitwiseCopyable, Equatable, Sendable {
  public let bitPattern: UInt16

  @inlinable
  public init(bitPattern: UInt16) {
    self.bitPattern = bitPattern
  }

  /// The nearest to `value`, the even one of two that are equally near. A NaN stays one.
  @inlinable
  public init(_ value: Float) {
    let bits = value.bitPattern
    let rounded = bits &+ 0x7FFF &+ (bits >> 16 & 1)
    bitPattern = UInt16(truncatingIfNeeded: (value.isNaN ? bits | 0x40_0000 : rounded) >> 16)
  }

  /// Exactly this value.
  @inlinable
  public var float: Float { Float(bitPattern: UInt32(bitPattern) << 16) }
}
