/// Why a configuration was refused. `description` is one sentence that names the key or file, what was expected,
/// what was found and where it was written.
public struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What went wrong, for code that has to tell the cases apart.
  public enum Kind: Sendable {
    /// The file is missing, a directory, not readable, too large or not UTF-8.
    case unreadable
    /// The text is not YAML, or not one section of keys.
    case syntax
    /// A key that no table declares.
    case unknownKey
    /// A key that stands twice in one section.
    case duplicateKey
    /// A value of another type than its key's.
    case wrongType
    /// A value of the right type that its key, or another key beside it, does not allow.
    case invalid
    /// A `--set` that does not have the form `key=value`.
    case malformedOverride
  }

  public let kind: Kind
  /// The key at fault; nil where the trouble lies with the whole file.
  public let path: ConfigurationPath?
  /// The sentence without its prefix and origin.
  public let problem: String
  /// Where the value was written; nil for defaults and for values set in code.
  public var origin: ConfigurationOrigin?

  public init(_ kind: Kind, at path: ConfigurationPath?, _ problem: String, origin: ConfigurationOrigin? = nil) {
    self.kind = kind
    self.path = path
    self.problem = problem
    self.origin = origin
  }

  /// The error of a section's cross-field check: "`path` is `value`, `problem`".
  ///
  /// - Parameter problem: goes on from the value and says what to do, for example
  ///   `"which is not divisible by model.encoder.heads (3); take a multiple of it"`.
  public static func invalid(
    _ path: ConfigurationPath, is value: some ConfigurationValue, _ problem: String
  ) -> ConfigurationError {
    ConfigurationError(.invalid, at: path, "\(path) is \(value.configurationNode.text), \(problem)")
  }

  public var description: String {
    "config error: \(problem)" + (origin.map { " (\($0))" } ?? "")
  }
}

/// Where a value was written.
public enum ConfigurationOrigin: Hashable, Sendable, CustomStringConvertible {
  /// A line, from 1, of a file or of a named text.
  case line(file: String, line: Int)
  /// A `--set key=value` of the command line.
  case override(String)

  public var description: String {
    switch self {
    case .line(let file, let line): "\(file):\(line)"
    case .override(let text): "--set \(text)"
    }
  }
}
