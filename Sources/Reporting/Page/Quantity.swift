import Foundation

/// What a number is of, and so how people read it.
enum Quantity: String, Sendable {
  case loss
  case number
  case seconds
  case share
  case rate
  case megabytes

  /// By its name in the log. An evaluation may report what this program has never heard of.
  init(of name: String) {
    if name.hasSuffix("_seconds") {
      self = .seconds
    } else if name.hasSuffix("_mb") {
      self = .megabytes
    } else if name == "learning_rate" {
      self = .rate
    } else if name.contains("loss") {
      self = .loss
    } else if name.hasSuffix("_share")
      || ["accuracy", "knn", "top1", "top5", "logistic", "probe"].contains(where: name.contains)
    {
      self = .share
    } else {
      self = .number
    }
  }

  /// A value in a sentence or a table: `0.4312`, `12 ms`, `3.2 %`, `1.5e-4`, `2.1 GB`.
  func words(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "not a number" : value > 0 ? "infinite" : "minus infinite" }
    switch self {
    case .loss: return abs(value) < 1000 ? String(format: "%.4f", value) : Self.plain(value)
    case .number: return Self.plain(value)
    case .seconds: return Self.duration(value)
    case .share: return String(format: "%.1f %%", value * 100)
    case .rate: return Self.rate(value)
    case .megabytes:
      return abs(value) < 1000 ? "\(Self.plain(value)) MB" : "\(Self.plain(value / 1000)) GB"
    }
  }

  /// A round value beside an axis.
  func label(_ value: Double) -> String {
    switch self {
    case .loss, .number: Self.short(value)
    case .seconds:
      if value == 0 {
        "0"
      } else if abs(value) < 0.001 {
        "\(Self.short(value * 1e6)) µs"
      } else if abs(value) < 1 {
        "\(Self.short(value * 1000)) ms"
      } else if abs(value) < 120 {
        "\(Self.short(value)) s"
      } else {
        "\(Self.short(value / 60)) min"
      }
    case .share: "\(Self.short(value * 100)) %"
    case .rate: value == 0 ? "0" : Self.rate(value)
    case .megabytes:
      if value == 0 {
        "0"
      } else if abs(value) < 1000 {
        "\(Self.short(value)) MB"
      } else {
        "\(Self.short(value / 1000)) GB"
      }
    }
  }

  /// `12`, `0.05`, `250k`, `1.28M`.
  static func short(_ value: Double) -> String {
    let size = abs(value)
    let text =
      switch size {
      case 1e6..<1e9: String(format: "%.4g", value / 1e6) + "M"
      case 1e4..<1e6: String(format: "%.4g", value / 1e3) + "k"
      default: String(format: "%.4g", value)
      }
    return text.replacing("-", with: "−").replacing("e−0", with: "e−").replacing("e+0", with: "e")
  }

  /// Three digits that say something, thousands apart: `0.0312`, `412`, `12,345`.
  static func plain(_ value: Double) -> String {
    let size = abs(value)
    if size == 0 { return "0" }
    if size >= 1e9 || size < 0.001 { return rate(value) }
    if size >= 999.5 { return grouped(Int(value.rounded())) }
    let decimals = size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : size >= 0.09995 ? 3 : 4
    return String(format: "%.\(decimals)f", value)
  }

  /// `12,345`.
  static func grouped(_ value: Int) -> String {
    let digits = String(value.magnitude)
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3) { text += "," }
      text.append(digit)
    }
    return value < 0 ? "−" + text : text
  }

  /// A step that a series has as a number with a fraction: `12,345`.
  static func whole(_ value: Double) -> String { Int(exactly: value.rounded()).map(grouped) ?? plain(value) }

  /// As the field writes learning rates: `1.5e-4`.
  static func rate(_ value: Double) -> String {
    guard value != 0 else { return "0" }
    guard value.isFinite else { return "\(value)" }
    let parts = String(format: "%.2e", value).split(separator: "e")
    let (digits, power) = (Double(parts[0])!, Int(parts[1])!)
    return String(format: "%g", digits) + (power == 0 ? "" : "e\(power)")
  }

  /// `under 0.1 ms`, `12 ms`, `1.4 s`, `3 min 20 s`, `2 h 03 min`, `3 days 4 h`.
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e12 else { return "an unknown time" }
    if seconds == 0 { return "no time" }
    if seconds < 1e-4 { return "under 0.1 ms" }
    if seconds < 0.9995 { return "\(plain(seconds * 1000)) ms" }
    if seconds < 59.95 { return "\(plain(seconds)) s" }
    let whole = Int(seconds.rounded())
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    let minutes = Int((seconds / 60).rounded())
    if minutes < 24 * 60 { return "\(minutes / 60) h \(minutes % 60) min" }
    let hours = Int((seconds / 3600).rounded())
    return "\(hours / 24) \(hours / 24 == 1 ? "day" : "days") \(hours % 24) h"
  }
}

/// The names of the log as titles.
enum Title {
  private static let known = [
    "loss": "Loss", "mean_loss": "Loss, mean of the epoch", "learning_rate": "Learning rate",
    "gradient_norm": "Gradient norm", "images_per_second": "Images a second", "data_seconds": "Waiting for images",
    "forward_seconds": "Forward", "backward_seconds": "Backward", "allreduce_seconds": "Exchange",
    "optimizer_seconds": "Optimiser", "checkpoint_seconds": "Checkpoint", "resident_mb": "Memory of rank 0",
    "comparison_seconds": "Comparison of ranks", "rankme": "RankMe, effective rank",
  ]
  private static let words = [
    "knn": "k-NN", "rankme": "RankMe", "lr": "learning rate", "heldout": "held-out", "mean": "mean", "top1": "top-1",
    "top5": "top-5", "cls": "cls", "ema": "EMA", "cpu": "CPU", "mpi": "MPI", "mae": "SwiftMAE", "blas": "BLAS",
  ]

  /// `Held-out loss` for `heldout_loss`.
  static func of(_ name: String) -> String {
    if let title = known[name] { return title }
    let text = name.split(separator: "_").map { words[String($0)] ?? String($0) }.joined(separator: " ")
      .replacing("held out", with: "held-out")
    return text.hasPrefix("k-NN") ? text : text.prefix(1).uppercased() + text.dropFirst()
  }
}
