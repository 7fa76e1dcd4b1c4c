/// How scalars and lists are written so that YAML 1.1 and 1.2 readers agree on them.
enum YAMLScalar {
  /// Text without quotes where no reader can mistake it, in double quotes otherwise.
  static func text(_ text: String) -> String {
    let isName = text.wholeMatch(of: /[A-Za-z_\/][A-Za-z0-9_\/.+-]*/) != nil
    return isName && !reserved.contains(text.lowercased()) ? text : quoted(text)
  }

  static func quoted(_ text: String) -> String {
    "\"" + text.unicodeScalars.map(escaped).joined() + "\""
  }

  /// Words that one version of YAML or another takes for a truth value or for nothing.
  private static let reserved: Set<String> = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]

  private static func escaped(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\"": return "\\\""
    case "\\": return "\\\\"
    case "\n": return "\\n"
    case "\r": return "\\r"
    case "\t": return "\\t"
    default: break
    }
    let isPrintable: Bool =
      switch scalar.value {
      case 0x20...0x7E, 0xA0...0xD7FF, 0xE000...0xFFFD, 0x10000...:
        ![0x2028, 0x2029, 0xFEFF].contains(scalar.value)
      default: false
      }
    guard !isPrintable else { return String(scalar) }
    let digits = String(scalar.value, radix: 16, uppercase: true)
    return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
  }
}

extension ConfigurationNode {
  /// The node as YAML on one line.
  public var text: String {
    switch content {
    case .null: "null"
    case .scalar(let text, isQuoted: true): YAMLScalar.text(text)
    case .scalar(let text, isQuoted: false): text
    case .list(let elements): "[" + elements.map(\.text).joined(separator: ", ") + "]"
    case .section(let entries):
      "{" + entries.map { "\(YAMLScalar.text($0.key)): \($0.value.text)" }.joined(separator: ", ") + "}"
    }
  }
}
