import Foundation

/// How values lie along an axis, and which of them get a label.
struct Axis {
  enum Scale: Sendable { case linear, logarithmic }

  struct Tick: Hashable {
    let value: Double
    let label: String
  }

  let scale: Scale
  let low: Double
  let high: Double
  let ticks: [Tick]

  /// An axis on which all of `values`, which must be finite and for a logarithmic one above zero, have room.
  ///
  /// - Parameters:
  ///   - spacing: the least that lies between two labels: 1 where there is nothing between whole numbers.
  ///   - label: what is written beside a value.
  init(
    _ scale: Scale, covering values: some Sequence<Double>, includingZero: Bool = false, spacing: Double = 0,
    label: (Double) -> String
  ) {
    var low = includingZero ? 0 : Double.infinity
    var high = includingZero ? 0 : -Double.infinity
    for value in values { (low, high) = (min(low, value), max(high, value)) }
    if low > high { (low, high) = scale == .linear ? (0, 1) : (1, 10) }
    if low == high {
      // A flat curve runs through the middle, where there is room beside it.
      let largest = Double.greatestFiniteMagnitude
      switch scale {
      case .linear:
        (low, high) = low == 0 ? (0, 1) : (max(-largest, low - abs(low) / 2), min(largest, high + abs(high) / 2))
      case .logarithmic: (low, high) = (max(.leastNonzeroMagnitude, low / 2), min(largest, high * 2))
      }
    }
    (self.scale, self.low, self.high) = (scale, low, high)
    var marks = scale == .linear ? Self.roundValues(low, high, spacing) : Self.decades(low, high)
    // Less than a decade has too few round powers; evenly spaced round values serve it better.
    if marks.count < 3 { marks = Self.roundValues(low, high, spacing) }
    // Where a sum of steps should be zero, it need not be.
    ticks = marks.map { Tick(value: $0, label: label(abs($0) < (high - low) * 1e-9 ? 0 : $0)) }
  }

  /// 0 at the low end, 1 at the high end.
  func position(_ value: Double) -> Double {
    switch scale {
    case .linear: (value - low) / (high - low)
    case .logarithmic: log(value / low) / log(high / low)
    }
  }

  /// Multiples of 1, 2 or 5 times a power of ten, four to eight of them.
  private static func roundValues(_ low: Double, _ high: Double, _ spacing: Double) -> [Double] {
    let rough = (high - low) / 5
    let power = pow(10, floor(log10(rough)))
    let step = max(spacing, power * ([1, 2, 5].first { rough <= $0 * power * 1.2 } ?? 10))
    guard step > 0, step.isFinite else { return [] }
    let (first, last) = (ceil(low / step - 1e-9), floor(high / step + 1e-9))
    guard last - first < 20 else { return [] }
    return stride(from: first, through: last, by: 1).map { $0 * step }
  }

  /// Powers of ten, with their two- and fivefold where the axis spans few.
  private static func decades(_ low: Double, _ high: Double) -> [Double] {
    let exponents = Int(floor(log10(low)))...Int(ceil(log10(high)))
    let spacing = max(1, exponents.count / 6)
    let factors: [Double] = exponents.count <= 3 ? [1, 2, 5] : [1]
    let (lowest, highest) = (low * (1 - 1e-9), high * (1 + 1e-9))
    var values: [Double] = []
    for exponent in exponents where exponent.isMultiple(of: spacing) {
      values += factors.map { $0 * pow(10, Double(exponent)) }
    }
    return values.filter { $0.isFinite && lowest <= $0 && $0 <= highest }
  }
}
