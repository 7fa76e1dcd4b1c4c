/// A type that a key can have. Modules make their own types conform: an image size that is written as one number or
/// as `[height, width]`, say.
///
/// What `configurationNode` gives, `init(configuration:)` must read back as an equal value.
public protocol ConfigurationValue: Equatable, Sendable {
  /// What a value looks like, to go behind "must be": "a whole number".
  static var expectation: String { get }

  /// The same for an editor: a JSON schema that holds for every value that is read, and for as few others as it can say.
  static var schema: JSONValue { get }

  init(configuration node: ConfigurationNode) throws(ConfigurationMismatch)

  var configurationNode: ConfigurationNode { get }
}

/// The text found is not a value of the key's type.
public struct ConfigurationMismatch: Error, Hashable, Sendable {
  /// What it must be, where this is more precise than the type's `expectation`; nil: the type's `expectation`.
  public let expected: String?
  /// What to write instead, when that can be told: "write 4096".
  public let advice: String?

  public init(expected: String? = nil, advice: String? = nil) {
    self.expected = expected
    self.advice = advice
  }
}

/// What a value of the right type must further meet, checked after files and overrides are all applied.
public struct ValueConstraint<Value>: Sendable {
  /// To go behind "must be": "at least 1".
  public let requirement: String
  let holds: @Sendable (Value) -> Bool
  /// What a JSON schema says of it beside the type's; nothing where it has no word for it.
  let schema: JSONValue

  public init(
    _ requirement: String, schema: JSONValue = .object([:]), holds: @escaping @Sendable (Value) -> Bool
  ) {
    self.requirement = requirement
    self.schema = schema
    self.holds = holds
  }
}

extension ValueConstraint where Value: Comparable & ConfigurationValue {
  public static func atLeast(_ bound: Value) -> Self {
    Self("at least \(bound.configurationNode.text)", schema: limit(["minimum": bound])) { $0 >= bound }
  }

  public static func atMost(_ bound: Value) -> Self {
    Self("at most \(bound.configurationNode.text)", schema: limit(["maximum": bound])) { $0 <= bound }
  }

  public static func above(_ bound: Value) -> Self {
    Self("above \(bound.configurationNode.text)", schema: limit(["exclusiveMinimum": bound])) { $0 > bound }
  }

  /// Both ends are allowed.
  public static func within(_ range: ClosedRange<Value>) -> Self {
    Self(
      "from \(range.lowerBound.configurationNode.text) to \(range.upperBound.configurationNode.text)",
      schema: limit(["minimum": range.lowerBound, "maximum": range.upperBound])
    ) { range.contains($0) }
  }

  public static func below(_ bound: Value) -> Self {
    Self("below \(bound.configurationNode.text)", schema: limit(["exclusiveMaximum": bound])) { $0 < bound }
  }

  /// A schema's limits on a number; nothing for values that are written otherwise.
  private static func limit(_ bounds: [String: Value]) -> JSONValue {
    .object(
      bounds.mapValues(\.configurationNode.jsonValue).filter { if case .number = $0.value { true } else { false } })
  }
}

extension ValueConstraint where Value: Collection & Sendable, Value.Element: Sendable {
  /// Text or a list that is not empty.
  public static var notEmpty: Self { Self("not empty") { !$0.isEmpty } }

  /// A constraint on every element of a list.
  public static func each(_ constraint: ValueConstraint<Value.Element>) -> Self {
    Self("each \(constraint.requirement)", schema: .object(["items": constraint.schema])) {
      $0.allSatisfy(constraint.holds)
    }
  }
}
