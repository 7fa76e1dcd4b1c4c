/// A number as the unevaluated sum of two doubles, the second at most half an ulp of the first: about 106 bits
/// (Dekker 1971; Hida, Li and Bailey 2001, "Library for double-double and quad-double arithmetic").
///
/// Only sums, products, quotients and fused multiply-adds of IEEE 754 make it up, so that its bits are the same on every
/// machine. Operations are good to a few units of 2⁻¹⁰⁴; numbers near the ends of the exponent's range are not cared for.
struct DoubleDouble {
  var high: Double
  var low: Double

  init(_ value: Double) {
    (high, low) = (value, 0)
  }

  /// - Parameter low: small beside `high`.
  init(high: Double, low: Double) {
    self.high = high + low
    self.low = low - (self.high - high)
  }

  /// a + b without loss.
  static func sum(_ a: Double, _ b: Double) -> DoubleDouble {
    let sum = a + b
    let part = sum - a
    return DoubleDouble(high: sum, low: (a - (sum - part)) + (b - part))
  }

  /// a·b without loss.
  static func product(_ a: Double, _ b: Double) -> DoubleDouble {
    let product = a * b
    return DoubleDouble(high: product, low: (-product).addingProduct(a, b))
  }

  static func + (a: Self, b: Self) -> Self {
    let (high, low) = (sum(a.high, b.high), sum(a.low, b.low))
    let first = DoubleDouble(high: high.high, low: high.low + low.high)
    return DoubleDouble(high: first.high, low: first.low + low.low)
  }

  static prefix func - (a: Self) -> Self {
    DoubleDouble(high: -a.high, low: -a.low)
  }

  static func - (a: Self, b: Self) -> Self { a + -b }

  static func * (a: Self, b: Self) -> Self {
    let product = product(a.high, b.high)
    return DoubleDouble(high: product.high, low: product.low + (a.high * b.low + a.low * b.high))
  }

  static func / (a: Self, b: Self) -> Self {
    // Three steps of long division.
    let first = a.high / b.high
    var rest = a - b * DoubleDouble(first)
    let second = rest.high / b.high
    rest = rest - b * DoubleDouble(second)
    let third = rest.high / b.high
    return sum(first, second) + DoubleDouble(third)
  }

  /// Multiplied by 2^`exponent`.
  func scaled(by exponent: Int) -> Self {
    DoubleDouble(
      high: Double(sign: .plus, exponent: exponent, significand: high),
      low: Double(sign: .plus, exponent: exponent, significand: low))
  }
}
