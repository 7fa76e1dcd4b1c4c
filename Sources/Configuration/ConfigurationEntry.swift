/// One value of a configuration with its full path, for tables, listings and comparisons.
public struct ConfigurationEntry: Hashable, Sendable {
  /// For example `model.encoder.width`.
  public let path: ConfigurationPath
  /// The value as YAML writes it, on one line.
  public let value: String
  /// For example "a whole number, at least 1".
  public let expectation: String
  public let documentation: String

  static func entries<Root>(
    of root: Root, keys: [ConfigurationKey<Root>], at path: ConfigurationPath
  ) -> [ConfigurationEntry] {
    keys.flatMap { key in
      switch key.content {
      case .value(let access):
        [
          ConfigurationEntry(
            path: path[key.name], value: access.read(root).text, expectation: access.expectation,
            documentation: key.documentation)
        ]
      case .section(let nested, _):
        entries(of: root, keys: nested, at: path[key.name])
      }
    }
  }
}

/// A key whose value is not the same in two configurations.
public struct ConfigurationDifference: Hashable, Sendable, CustomStringConvertible {
  public let path: ConfigurationPath
  /// The two values as YAML writes them.
  public let old: String
  public let new: String

  public var description: String { "\(path): \(old) -> \(new)" }
}

/// The keys in which two configurations differ, in table order; empty when they are the same.
public func differences<Section: ConfigurationSection>(
  between old: Section, and new: Section
) -> [ConfigurationDifference] {
  zip(old.entries, new.entries).compactMap { old, new in
    old.value == new.value ? nil : ConfigurationDifference(path: old.path, old: old.value, new: new.value)
  }
}
