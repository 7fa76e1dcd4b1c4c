import Foundation

/// A value of JSON, as schemas are written of.
public indirect enum JSONValue: Hashable, Sendable {
  case null
  case truth(Bool)
  /// As it is to be written.
  case number(String)
  case text(String)
  case list([JSONValue])
  case object([String: JSONValue])

  /// Two spaces a level, keys in alphabetical order.
  public var json: String { text(indent: "") }

  private func text(indent: String) -> String {
    let inner = indent + "  "
    func block(_ parts: [String], _ opening: String, _ closing: String) -> String {
      parts.isEmpty
        ? opening + closing
        : opening + "\n" + parts.map { inner + $0 }.joined(separator: ",\n") + "\n" + indent + closing
    }
    switch self {
    case .null: return "null"
    case .truth(let value): return value ? "true" : "false"
    case .number(let digits): return digits
    case .text(let text): return Self.quoted(text)
    case .list(let elements): return block(elements.map { $0.text(indent: inner) }, "[", "]")
    case .object(let entries):
      return block(
        entries.sorted { $0.key < $1.key }.map { "\(Self.quoted($0.key)): \($0.value.text(indent: inner))" }, "{", "}")
    }
  }

  private static func quoted(_ text: String) -> String {
    let escaped = text.unicodeScalars.map { scalar in
      switch scalar {
      case "\"": "\\\""
      case "\\": "\\\\"
      case "\n": "\\n"
      case _ where scalar.value < 0x20: String(format: "\\u%04x", scalar.value)
      default: String(scalar)
      }
    }
    return "\"" + escaped.joined() + "\""
  }

  /// Two objects in one; where both have a key, the objects below it are joined, and of other values the second is taken.
  func joined(with other: JSONValue) -> JSONValue {
    guard case .object(let mine) = self, case .object(let others) = other else { return other }
    return .object(mine.merging(others) { $0.joined(with: $1) })
  }
}

extension ConfigurationNode {
  /// What a reader of YAML that knows no types makes of the node.
  var jsonValue: JSONValue {
    switch content {
    case .null: .null
    case .scalar(let text, isQuoted: true): .text(text)
    case .scalar("true", isQuoted: false): .truth(true)
    case .scalar("false", isQuoted: false): .truth(false)
    case .scalar(let text, isQuoted: false): DecimalNumber.value(of: text) == nil ? .text(text) : .number(text)
    case .list(let elements): .list(elements.map(\.jsonValue))
    case .section(let entries):
      .object(Dictionary(entries.map { ($0.key, $0.value.jsonValue) }) { _, last in last })
    }
  }
}
