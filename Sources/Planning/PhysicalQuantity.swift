/// A bandwidth as people write it, `1Gbit`, `25gbit`, `800Mbit`; in bits a second.
public func bitsPerSecond(_ text: String) -> Double? {
  quantity(text, units: ["kbit": 1e3, "mbit": 1e6, "gbit": 1e9, "tbit": 1e12])
}

/// A latency as people write it, `50us`, `1.5ms`; in seconds.
public func latencySeconds(_ text: String) -> Double? {
  quantity(text, units: ["ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1])
}

private func quantity(_ text: String, units: [String: Double]) -> Double? {
  let digits = text.prefix { $0.isNumber || $0 == "." }
  guard let number = Double(digits), number > 0, number < 1e12,
    let unit = units[text.dropFirst(digits.count).lowercased()]
  else {
    return nil
  }
  return number * unit
}
