/// Elementary functions whose bits are the same on every machine.
///
/// A C library's differ between versions and between CPUs in the last bit. These are series in `DoubleDouble`, made of
/// operations that IEEE 754 fixes to the bit, and rounded once at the end: within half an ulp and 2⁻⁴⁰ of one. They serve
/// what enters a run's bits: first weights, crops, positions, the schedule and AdamW's corrections. They take about two
/// microseconds and are not meant for inner loops.
public enum Elementary {
  /// eˣ.
  ///
  /// - Precondition: |x| ≤ 700.
  public static func exp(_ x: Double) -> Double { exp(DoubleDouble(x)).high }

  /// The natural logarithm.
  ///
  /// - Precondition: x is positive, finite and normal.
  public static func log(_ x: Double) -> Double { log(precisely: x).high }

  /// - Precondition: |x| ≤ 2³⁰.
  public static func sin(_ x: Double) -> Double { sineAndCosine(x).sine }

  /// - Precondition: |x| ≤ 2³⁰.
  public static func cos(_ x: Double) -> Double { sineAndCosine(x).cosine }

  /// base^exponent.
  ///
  /// - Precondition: the base is positive, finite and normal; the result lies within e^±700.
  public static func pow(_ base: Double, _ exponent: Double) -> Double {
    exp(log(precisely: base) * DoubleDouble(exponent)).high
  }

  /// base^exponent, by squaring. A result below 10⁻²⁷⁰ has fewer right bits, and the same ones everywhere.
  ///
  /// - Precondition: base within 0…1, exponent not negative.
  public static func pow(_ base: Double, _ exponent: Int) -> Double {
    precondition((0...1).contains(base) && exponent >= 0, "a power of a number within 0…1")
    var (result, square, rest) = (DoubleDouble(1), DoubleDouble(base), exponent)
    while rest > 0 {
      if rest & 1 == 1 { result = result * square }
      rest >>= 1
      square = square * square
    }
    return result.high
  }

  private static let ln2 = DoubleDouble(high: 0x1.62e4_2fef_a39e_fp-1, low: 0x1.abc9_e3b3_9803_fp-56)

  /// 1/n at place n, for the series.
  private static let inverses = [DoubleDouble(0)] + (1...43).map { DoubleDouble(1) / DoubleDouble(Double($0)) }

  private static func exp(_ x: DoubleDouble) -> DoubleDouble {
    precondition(abs(x.high) <= 700, "a power of e within the exponent's range")
    // x = k·ln 2 + 2⁸·r with |r| < 0.0014, then the series, squared eight times.
    let power = (x.high / ln2.high).rounded(.toNearestOrEven)
    let rest = (x - ln2 * DoubleDouble(power)).scaled(by: -8)
    var term = DoubleDouble(1)
    var sum = DoubleDouble(0)
    // eʳ − 1, so that squaring does not lose what is small beside one.
    for n in 1...11 {
      term = term * rest * inverses[n]
      sum = sum + term
    }
    // (1 + s)² − 1 = 2s + s².
    for _ in 0..<8 { sum = sum.scaled(by: 1) + sum * sum }
    return (DoubleDouble(1) + sum).scaled(by: Int(power))
  }

  private static func log(precisely x: Double) -> DoubleDouble {
    precondition(x.isNormal && x > 0, "the logarithm of a positive number")
    // x = m·2ᵏ with m within √½…√2, and ln m = 2·artanh((m − 1)/(m + 1)).
    var (exponent, significand) = (Int(x.exponent), x.significand)
    if significand > 2.0.squareRoot() { (exponent, significand) = (exponent + 1, significand / 2) }
    let ratio = DoubleDouble.sum(significand, -1) / DoubleDouble.sum(significand, 1)
    let square = ratio * ratio
    // |ratio| < 0.1716: the last term is below 2⁻¹¹⁰ of the first.
    var sum = DoubleDouble(0)
    for n in stride(from: 43, through: 1, by: -2) { sum = sum * square + inverses[n] }
    return (ratio * sum).scaled(by: 1) + ln2 * DoubleDouble(Double(exponent))
  }

  private static func sineAndCosine(_ x: Double) -> (sine: Double, cosine: Double) {
    precondition(abs(x) <= 0x1p30, "an angle that can be brought to a quarter turn without loss")
    // x = k·π/2 + r; three parts of π/2 keep 2⁻¹⁰⁶ of r where x is near a multiple of it.
    let quarters = (x / 0x1.921f_b544_42d1_8p+0).rounded(.toNearestOrEven)
    let parts = [0x1.921f_b544_42d1_8p+0, 0x1.1a62_6331_45c0_7p-54, -0x1.f197_6b7e_d8fb_cp-110]
    let rest = parts.reduce(DoubleDouble(x)) { $0 - DoubleDouble.product(quarters, $1) }
    let square = rest * rest
    // |r| ≤ π/4: the last terms are below 2⁻¹¹⁰.
    var (sine, cosine) = (DoubleDouble(1), DoubleDouble(1))
    for n in stride(from: 28, through: 2, by: -2) {
      sine = DoubleDouble(1) - square * sine * inverses[n] * inverses[n + 1]
      cosine = DoubleDouble(1) - square * cosine * inverses[n] * inverses[n - 1]
    }
    sine = rest * sine
    switch Int(quarters) & 3 {
    case 0: return (sine.high, cosine.high)
    case 1: return (cosine.high, -sine.high)
    case 2: return (-sine.high, -cosine.high)
    default: return (-cosine.high, sine.high)
    }
  }
}
