import Foundation

/// A number as single precision may compute it: the exact value, and a bound on how far off the computed one can be.
///
/// This is running error analysis (Wilkinson 1963; Higham, "Accuracy and Stability of Numerical Algorithms", §3.3):
/// each operation passes on the errors of what goes in and adds half a unit in the last place of what comes out. So the
/// tolerance of a test is derived by the reference itself, operation by operation, and holds for every order of
/// summation and with or without fused multiply-add.
public struct Rounded: Real, Comparable {
  public var value: Double
  public var error: Double

  /// 2⁻²⁴, the largest relative error of one rounding.
  public static let unit = 0x1p-24
  /// What a result below the smallest normal number can lose.
  static let underflow = 0x1p-149

  public init(value: Double, error: Double) {
    self.value = value
    self.error = error
  }

  public init(_ exact: Double) {
    self.init(value: exact, error: 0)
  }

  public static func < (a: Rounded, b: Rounded) -> Bool { a.value < b.value }

  /// The same after `count` roundings of the size of its own.
  public func rounded(_ count: Double = 1) -> Rounded {
    Rounded(value: value, error: error + count * (Rounded.unit * (abs(value) + error) + Rounded.underflow))
  }

  public static func + (a: Rounded, b: Rounded) -> Rounded {
    Rounded(value: a.value + b.value, error: a.error + b.error).rounded()
  }

  public static func - (a: Rounded, b: Rounded) -> Rounded {
    Rounded(value: a.value - b.value, error: a.error + b.error).rounded()
  }

  public static func * (a: Rounded, b: Rounded) -> Rounded {
    let error = abs(a.value) * b.error + abs(b.value) * a.error + a.error * b.error
    return Rounded(value: a.value * b.value, error: error).rounded()
  }

  public static func / (a: Rounded, b: Rounded) -> Rounded {
    precondition(abs(b.value) > b.error, "the divisor may be zero")
    let quotient = a.value / b.value
    return Rounded(value: quotient, error: (a.error + abs(quotient) * b.error) / (abs(b.value) - b.error)).rounded()
  }

  public func squareRoot() -> Rounded {
    let root = value.squareRoot()
    let (above, below) = ((value + error).squareRoot(), max(0, value - error).squareRoot())
    return Rounded(value: root, error: max(above - root, root - below)).rounded()
  }

  /// Compute's exponential: its polynomial has a relative error of 0.07 units and a running error of 2.1, the reduction
  /// of the argument at most 0.4 (a rounding of |r| ≤ ln 2 / 2); results below e⁻⁸⁷ become zero.
  public static let exponentialUnits = 2.6

  public func exponential() -> Rounded {
    let power = exp(value)
    return Rounded(value: power, error: power * expm1(error) + exp(-87))
      .rounded(Rounded.exponentialUnits)
  }

  /// n − 1 additions in any order: each of the partial sums is at most Σ(|x| + e), and a term goes through at most all
  /// of them.
  public static func sum(_ terms: [Rounded]) -> Rounded {
    let magnitude = terms.reduce(0) { $0 + abs($1.value) + $1.error }
    let roundings = Double(max(0, terms.count - 1)) * unit
    return Rounded(
      value: terms.reduce(0) { $0 + $1.value },
      error: terms.reduce(0) { $0 + $1.error } + roundings / (1 - roundings) * magnitude)
  }
}

/// The largest error of `computed` as a share of what `reference` allows: 1 or less when all of them are in bounds.
public func deviation(of computed: [Float], from reference: [Rounded]) -> Double {
  precondition(computed.count == reference.count && !computed.isEmpty)
  return zip(computed, reference).reduce(0) { largest, pair in
    let difference = abs(Double(pair.0) - pair.1.value)
    if difference == 0 { return largest }
    return difference.isNaN ? .infinity : max(largest, difference / pair.1.error)
  }
}
