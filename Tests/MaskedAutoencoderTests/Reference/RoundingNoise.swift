/// Errors of the size of single precision's, at random: Monte Carlo arithmetic (Parker 1997).
///
/// A reference in double precision that passes each of its results through `round` errs as an evaluation in single
/// precision would: each operation by half a unit in the last place, up or down by chance, and the errors then spread
/// as they really do. A few such evaluations show how far single precision may stray from the exact result, for a model
/// of any depth, where a worst-case bound would grow beyond use.
///
/// The errors are relative ones and belong to the operation's number in the evaluation, so two evaluations with the
/// same seed err in the same way, and differences between them can be taken. The error of such a derivative is then
/// Σ δ·d(z·∂L/∂z) over all results z: it has in it both what forward's roundings and what backward's do to a gradient.
struct RoundingNoise {
  private var state: UInt64
  /// 1 + 2⁻²⁴, and the bits that make 1 − 2⁻²⁴ of it: a choice without a branch, as this is called for every product.
  private let above: UInt64
  private let flip: UInt64
  private let bias: Double

  static let none = RoundingNoise(unit: 0, seed: 0)

  init(seed: UInt64) {
    self.init(unit: 0x1p-24, seed: seed)
  }

  /// - Parameter unit: half the spacing of numbers around 1, or a bit above: 2⁻²⁴ for single precision.
  init(unit: Double, seed: UInt64) {
    state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
    above = (1 + unit).bitPattern
    flip = above ^ (1 - unit).bitPattern
    bias = seed % 2 == 0 ? unit : -unit
  }

  /// One rounding: a whole 2⁻²⁴ of the result each time, where a real one is between nothing and that.
  @inline(__always)
  mutating func round(_ value: Double) -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    let sign = UInt64(bitPattern: Int64(bitPattern: state) >> 63)
    return value * Double(bitPattern: above ^ (flip & sign))
  }

  /// The error of a fitted polynomial, in one direction throughout an evaluation: such errors need not cancel.
  func fitted(_ value: Double, units: Double) -> Double {
    value + bias * units * value
  }
}
