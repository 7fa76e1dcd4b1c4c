/// How numbers, truth values, text, lists and enums are written.
///
/// The key's type decides, never YAML's guess: `5e-4` and `1e3` are numbers for a `Double` key although YAML 1.1 takes
/// them for text; `yes` is never a truth value; `010` is refused, since YAML 1.1 reads it as 8 and 1.2 as 10.

extension Int: ConfigurationValue {
  public static let expectation = "a whole number"
  public static let schema = JSONValue.type("integer")
  public init(configuration node: ConfigurationNode) throws(ConfigurationMismatch) {
    self = try WholeNumber.read(node)
  }
  public var configurationNode: ConfigurationNode { .plain(String(self)) }
}

extension UInt64: ConfigurationValue {
  public static let expectation = "a whole number that is not negative"
  public static let schema = JSONValue.object(["type": .text("integer"), "minimum": .number("0")])
  public init(configuration node: ConfigurationNode) throws(ConfigurationMismatch) {
    self = try WholeNumber.read(node)
  }
  public var configurationNode: ConfigurationNode { .plain(String(self)) }
}

/// Finite, since no recipe has use for another one and JSON cannot hold it. Whole numbers are accepted.
extension Double: ConfigurationValue {
  public static let expectation = "a number"
  public static let schema = JSONValue.type("number")
  public init(configuration node: ConfigurationNode) throws(ConfigurationMismatch) {
    guard let text = node.plainText, let value = DecimalNumber.value(of: text) else {
      throw ConfigurationMismatch(advice: DecimalNumber.advice(for: node))
    }
    guard value.isFinite else { throw ConfigurationMismatch(expected: "a finite number") }
    self = value
  }
  public var configurationNode: ConfigurationNode { .plain(DecimalNumber.text(of: self)) }
}

/// `true` and `false` only: YAML 1.1 takes `yes`, `on` and `y` for true, YAML 1.2 for text.
extension Bool: ConfigurationValue {
  public static let expectation = "true or false"
  public static let schema = JSONValue.type("boolean")
  public init(configuration node: ConfigurationNode) throws(ConfigurationMismatch) {
    switch node.plainText {
    case "true": self = true
    case "false": self = false
    case let text? where ["yes", "on", "y", "1", "true"].contains(text.lowercased()):
      throw ConfigurationMismatch(advice: "write true")
    case let text? where ["no", "off", "n", "0", "false"].contains(text.lowercased()):
      throw ConfigurationMismatch(advice: "write false")
    default: throw ConfigurationMismatch()
    }
  }
  public var configurationNode: ConfigurationNode { .plain(self ? "true" : "false") }
}

/// Any scalar as it is written, so that a folder named `2024` needs no quotes; `null` and nothing are not text.
///
/// Foundation takes a byte order mark (U+FEFF) at the beginning of text away while Yams reads, so that one character in
/// that one place does not survive.
extension String: ConfigurationValue {
  public static let expectation = "text"
  /// A reader that knows no types takes some text for numbers or truth values.
  public static let schema = JSONValue.object(["type": .list([.text("string"), .text("number"), .text("boolean")])])
  public init(configuration node: ConfigurationNode) throws(ConfigurationMismatch) {
    guard case .scalar(let text, _) = node.content else {
      throw ConfigurationMismatch(advice: "put it in quotes if it is meant as text")
    }
    self = text
  }
  public var configurationNode: ConfigurationNode { .text(self) }
}

extension Array: ConfigurationValue where Element: ConfigurationValue {
  public static var expectation: String { "a list, each element \(Element.expectation)" }
  public static var schema: JSONValue { .object(["type": .text("array"), "items": Element.schema]) }
  public init(configuration node: ConfigurationNode) throws(ConfigurationMismatch) {
    guard case .list(let nodes) = node.content else { throw ConfigurationMismatch() }
    self = []
    for (index, element) in nodes.enumerated() {
      do throws(ConfigurationMismatch) {
        append(try Element(configuration: element))
      } catch {
        let found = "element \(index + 1) is \(element.summary)"
        throw ConfigurationMismatch(advice: [found, error.advice].compactMap(\.self).joined(separator: "; "))
      }
    }
  }
  public var configurationNode: ConfigurationNode { .list(map(\.configurationNode)) }
}

/// An enum of strings needs no code of its own: `enum Precision: String, CaseIterable, ConfigurationValue`.
extension ConfigurationValue where Self: RawRepresentable & CaseIterable, RawValue == String {
  public static var expectation: String { "one of " + allCases.map(\.rawValue).joined(separator: ", ") }
  public static var schema: JSONValue { .words(allCases.map(\.rawValue)) }
  public init(configuration node: ConfigurationNode) throws(ConfigurationMismatch) {
    guard case .scalar(let text, _) = node.content else { throw ConfigurationMismatch() }
    guard let value = Self(rawValue: text) else {
      let near = Self.allCases.first { $0.rawValue.lowercased() == text.lowercased() }
      throw ConfigurationMismatch(advice: near.map { "write \($0.rawValue)" })
    }
    self = value
  }
  public var configurationNode: ConfigurationNode { .text(rawValue) }
}
