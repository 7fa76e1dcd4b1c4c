import Foundation

/// How durations, rates and losses are written for people.
public enum ProgressFormat {
  /// `42s`, `12m05s`, `2h03m`, `3d04h`: two units, rounded to the smaller one. `?` for what is not a duration.
  public static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e12 else { return "?" }
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole)s" }
    if whole < 3600 { return "\(whole / 60)m\(twoDigits(whole % 60))s" }
    let minutes = Int((seconds / 60).rounded())
    if minutes < 24 * 60 { return "\(minutes / 60)h\(twoDigits(minutes % 60))m" }
    let hours = Int((seconds / 3600).rounded())
    return "\(hours / 24)d\(twoDigits(hours % 24))h"
  }

  /// Three significant digits, from `0.0123` over `12.3` to `12300`, as `1.23e+05` beyond; `nan` and `inf` as such.
  public static func measure(_ value: Double) -> String {
    // The sign of what is not a number says nothing.
    guard value.isFinite else { return value.isNaN ? "nan" : "\(value)" }
    let size = abs(value)
    if size == 0 { return "0" }
    if size >= 99_950 || size < 0.000_999_5 { return String(format: "%.2e", value) }
    if size >= 99.95 { return String(format: "%.0f", value) }
    let decimals = size >= 9.995 ? 1 : size >= 0.9995 ? 2 : size >= 0.09995 ? 3 : size >= 0.009995 ? 4 : 5
    return String(format: "%.\(decimals)f", value)
  }

  /// `1.23 GB`, `45.6 MB`, `789 kB`, of 1000 each.
  public static func bytes(_ count: Int) -> String {
    let units = ["bytes", "kB", "MB", "GB", "TB"]
    // What would be written as a thousand of a unit is one of the next.
    var (value, unit) = (Double(count), 0)
    while abs(value) >= 999.5, unit < units.count - 1 { (value, unit) = (value / 1000, unit + 1) }
    return unit == 0 ? "\(count) bytes" : "\(measure(value)) \(units[unit])"
  }

  /// `0.4312`.
  public static func loss(_ value: Double) -> String {
    value.isFinite && abs(value) < 1000 ? String(format: "%.4f", value) : measure(value)
  }

  /// `12.50`, or `800` for a whole number of epochs when `shortened`.
  public static func epochs(_ value: Double, shortened: Bool = false) -> String {
    shortened && value == value.rounded() && abs(value) < 1e9 ? "\(Int(value))" : String(format: "%.2f", value)
  }

  /// `1 rank`, `2 ranks`.
  public static func count(_ value: Int, _ noun: String) -> String { "\(value) \(noun)\(value == 1 ? "" : "s")" }

  private static func twoDigits(_ value: Int) -> String {
    value < 10 ? "0\(value)" : String(value)
  }
}

/// A curve in one line of text.
public enum Sparkline {
  private static let levels: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  /// One character a value, the lowest `▁` and the highest `█`; `×` where a value is not finite. Equal values lie low.
  public static func text(_ values: some Sequence<Double>) -> String {
    let values = Array(values)
    let finite = values.filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max() else {
      return String(repeating: "×", count: values.count)
    }
    return String(
      values.map { value in
        guard value.isFinite else { return "×" }
        // Half the distance cannot overflow where the distance can.
        let range = high / 2 - low / 2
        let level = range > 0 ? (value / 2 - low / 2) / range * Double(levels.count) : 0
        return levels[min(levels.count - 1, Int(level))]
      })
  }
}
