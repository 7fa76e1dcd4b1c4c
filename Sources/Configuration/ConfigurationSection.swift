/// A part of the configuration: a struct whose `init()` gives the defaults and whose table names its keys.
///
/// ```swift
/// public struct EncoderConfiguration: ConfigurationSection {
///   public var width = 768
///   public var heads = 12
///   public init() {}
///   public static let keys: [ConfigurationKey<Self>] = [
///     .value("width", \.width, "features of a token", .atLeast(1)),
///     .value("heads", \.heads, "attention heads of a block", .atLeast(1)),
///   ]
///   public func validate(at path: ConfigurationPath) throws(ConfigurationError) {
///     guard width.isMultiple(of: heads) else {
///       throw .invalid(path["width"], is: width, "which is not divisible by \(path["heads"]) (\(heads))")
///     }
///   }
/// }
/// ```
public protocol ConfigurationSection: Sendable {
  init()

  /// The keys in the order in which they are written.
  static var keys: [ConfigurationKey<Self>] { get }

  /// Checks what no single key can: how values fit together. Runs after every value met the constraints in its table,
  /// so dividing by a value that the table holds above zero is safe here.
  ///
  /// - Parameter path: where this section stands; `path["width"]` is a key's full name.
  func validate(at path: ConfigurationPath) throws(ConfigurationError)
}

extension ConfigurationSection {
  public func validate(at path: ConfigurationPath) throws(ConfigurationError) {}

  /// Reads a YAML file, applies overrides in order, and checks the whole.
  ///
  /// Keys that the file leaves out keep their defaults.
  ///
  /// - Parameters:
  ///   - file: path of the YAML file.
  ///   - overrides: `model.encoder.width=384` each; a later one wins over an earlier one of the same key.
  public static func load(file: String, overrides: [String] = []) throws(ConfigurationError) -> Self {
    try decode(yaml: ConfigurationFile.text(at: file), name: file, overrides: overrides)
  }

  /// As `load`, from text.
  ///
  /// - Parameter name: what errors call the text, in the place of a file's path.
  public static func decode(
    yaml text: String, name: String = "config", overrides: [String] = []
  ) throws(ConfigurationError) -> Self {
    var reader = TableReader<Self>()
    try reader.apply(ConfigurationNode(yaml: text, origin: { .line(file: name, line: $0) }))
    for override in overrides {
      try reader.apply(ConfigurationNode(override: override))
    }
    try reader.check()
    return reader.value
  }

  /// Checks a configuration that was put together in code: every constraint of the tables, every `validate`.
  public func check() throws(ConfigurationError) {
    try TableReader(value: self).check()
  }

  /// The resolved configuration as YAML, keys in table order. Reading it back gives exactly the same values.
  ///
  /// - Parameter documented: adds each key's documentation and expectation as a comment.
  public func yaml(documented: Bool = false) -> String {
    YAMLWriter(root: self, documented: documented).text
  }

  /// Every value with its full path, in table order.
  public var entries: [ConfigurationEntry] {
    ConfigurationEntry.entries(of: self, keys: Self.keys, at: .root)
  }
}
