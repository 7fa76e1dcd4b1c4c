import Foundation

/// The notation of whole numbers: a sign, then decimal digits, `_` allowed between digits.
enum WholeNumber {
  static func read<Integer: FixedWidthInteger & ConfigurationValue>(
    _ node: ConfigurationNode
  ) throws(ConfigurationMismatch) -> Integer {
    guard let text = node.plainText else {
      throw ConfigurationMismatch(advice: node.isQuotedNumber ? "write it without quotes" : nil)
    }
    guard text.wholeMatch(of: /[+-]?[0-9]+(_[0-9]+)*/) != nil else {
      // 4096.0 and 1e3 are whole, but a key that counts things shows it.
      guard let value = DecimalNumber.value(of: text), let whole = Integer(exactly: value) else {
        throw ConfigurationMismatch()
      }
      throw ConfigurationMismatch(advice: "write \(whole)")
    }
    let digits = text.replacing("_", with: "")
    guard digits.wholeMatch(of: /[+-]?0[0-9]+/) == nil else {
      throw ConfigurationMismatch(advice: "write it without leading zeros, which YAML versions read differently")
    }
    guard let value = Integer(digits) else {
      throw ConfigurationMismatch(expected: "a whole number from \(Integer.min) to \(Integer.max)")
    }
    return value
  }
}

/// The notation of real numbers: YAML's, with the exponents that YAML 1.1 does not take (`5e-4`).
enum DecimalNumber {
  /// Nil for text that is not a number; infinite for a number too large for a double.
  static func value(of text: String) -> Double? {
    guard text.wholeMatch(of: /[+-]?([0-9]+(_[0-9]+)*(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?/) != nil else {
      return text.lowercased().wholeMatch(of: /[+-]?\.inf|\.nan/) == nil ? nil : .infinity
    }
    return strtod(text.replacing("_", with: ""), nil)
  }

  /// The shortest text that reads back as the same double, with a dot in it: without one, YAML 1.1 readers take
  /// `5e-05` for text.
  static func text(of value: Double) -> String {
    let shortest = "\(value)"
    guard let exponent = shortest.firstIndex(of: "e"), !shortest.contains(".") else { return shortest }
    return shortest[..<exponent] + ".0" + shortest[exponent...]
  }

  static func advice(for node: ConfigurationNode) -> String? {
    if node.isQuotedNumber { return "write it without quotes" }
    guard let text = node.plainText else { return nil }
    let pointed = text.replacing(",", with: ".")
    return text.contains(",") && value(of: pointed) != nil ? "write \(pointed)" : nil
  }
}

extension ConfigurationNode {
  var isQuotedNumber: Bool {
    if case .scalar(let text, isQuoted: true) = content { DecimalNumber.value(of: text) != nil } else { false }
  }
}
