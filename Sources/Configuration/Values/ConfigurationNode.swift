/// A piece of configuration between YAML and a typed value: what stands there, and where it was written.
public struct ConfigurationNode: Hashable, Sendable {
  public enum Content: Hashable, Sendable {
    /// `null`, `~`, or nothing behind the colon.
    case null
    /// A scalar as written. What a plain one means is up to the key's type, so that `no`, `1e3` and `010` never change
    /// their meaning with the version of YAML; a quoted one is text and nothing else.
    case scalar(String, isQuoted: Bool)
    case list([ConfigurationNode])
    case section([Entry])
  }

  /// A key and its value.
  public struct Entry: Hashable, Sendable {
    public let key: String
    public let value: ConfigurationNode
    /// Where the key stands; its value may begin on a later line.
    let origin: ConfigurationOrigin?
  }

  public let content: Content
  /// Where it was written; nil for a value on its way out.
  public let origin: ConfigurationOrigin?

  public init(_ content: Content, origin: ConfigurationOrigin? = nil) {
    self.content = content
    self.origin = origin
  }

  public static let null = ConfigurationNode(.null)

  /// A scalar that is written without quotes: a number, a truth value.
  public static func plain(_ text: String) -> ConfigurationNode {
    ConfigurationNode(.scalar(text, isQuoted: false))
  }

  /// Text, quoted on its way out where a reader could take it for anything else.
  public static func text(_ text: String) -> ConfigurationNode {
    ConfigurationNode(.scalar(text, isQuoted: true))
  }

  public static func list(_ elements: [ConfigurationNode]) -> ConfigurationNode {
    ConfigurationNode(.list(elements))
  }

  public var isNull: Bool { content == .null }

  /// An unquoted scalar's characters, for types with a notation of their own; nil for anything else.
  public var plainText: String? {
    if case .scalar(let text, isQuoted: false) = content { text } else { nil }
  }

  /// What an error says was found.
  public var summary: String {
    switch content {
    case .null: "nothing"
    case .scalar(let text, isQuoted: true): "the quoted text \(YAMLScalar.quoted(text))"
    case .scalar(let text, isQuoted: false): text
    case .list(let elements): elements.count == 1 ? "a list of 1 value" : "a list of \(elements.count) values"
    case .section: "a section of keys"
    }
  }
}
