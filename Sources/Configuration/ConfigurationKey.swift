/// One line of a section's table: a key's name, where its value lives in the struct, and what it means.
///
/// Tables are made with `value`, `optional` and `section`; everything else (reading, `--set`, writing, documentation,
/// range checks, differences) follows from the table.
public struct ConfigurationKey<Root>: Sendable {
  /// The key as it stands in the file, in `snake_case`.
  public let name: String
  /// One line for people, written as the comment of `mae config show`.
  public let documentation: String
  let content: Content

  enum Content: Sendable {
    case value(ValueAccess<Root>)
    /// `validate` runs the nested section's own cross-field checks.
    case section(
      [ConfigurationKey<Root>],
      validate: @Sendable (Root, ConfigurationPath) throws(ConfigurationError) -> Void)
  }

  /// A value that is always there; its default is what the struct's `init()` gives it.
  public static func value<Value: ConfigurationValue>(
    _ name: String, _ keyPath: WritableKeyPath<Root, Value> & Sendable, _ documentation: String,
    _ constraints: ValueConstraint<Value>...
  ) -> Self {
    let access = ValueAccess<Root>(
      expectation: ([Value.expectation] + constraints.map(\.requirement)).joined(separator: ", "),
      schema: constraints.reduce(Value.schema) { $0.joined(with: $1.schema) },
      read: { $0[keyPath: keyPath].configurationNode },
      write: { root, node throws(ConfigurationMismatch) in root[keyPath: keyPath] = try Value(configuration: node) },
      violated: { root in constraints.first { !$0.holds(root[keyPath: keyPath]) }?.requirement })
    return Self(name: name, documentation: documentation, content: .value(access))
  }

  /// A value that may be absent; `null`, `~` or nothing behind the colon say so in the file.
  public static func optional<Value: ConfigurationValue>(
    _ name: String, _ keyPath: WritableKeyPath<Root, Value?> & Sendable, _ documentation: String,
    _ constraints: ValueConstraint<Value>...
  ) -> Self {
    let access = ValueAccess<Root>(
      expectation: ([Value.expectation] + constraints.map(\.requirement) + ["or null"]).joined(separator: ", "),
      schema: .any(of: [constraints.reduce(Value.schema) { $0.joined(with: $1.schema) }, .type("null")]),
      read: { $0[keyPath: keyPath]?.configurationNode ?? .null },
      write: { root, node throws(ConfigurationMismatch) in
        root[keyPath: keyPath] = node.isNull ? nil : try Value(configuration: node)
      },
      violated: { root in
        guard let value = root[keyPath: keyPath] else { return nil }
        return constraints.first { !$0.holds(value) }?.requirement
      })
    return Self(name: name, documentation: documentation, content: .value(access))
  }

  /// A nested section with a table of its own.
  public static func section<Section: ConfigurationSection>(
    _ name: String, _ keyPath: WritableKeyPath<Root, Section> & Sendable, _ documentation: String
  ) -> Self {
    Self(
      name: name, documentation: documentation,
      content: .section(
        Section.keys.map { $0.lifted(through: keyPath) },
        validate: { root, path throws(ConfigurationError) in try root[keyPath: keyPath].validate(at: path) }))
  }

  /// The same key seen from a struct that holds this one's, so that a whole tree is a table of one type.
  private func lifted<Outer>(through outer: WritableKeyPath<Outer, Root> & Sendable) -> ConfigurationKey<Outer> {
    let lifted: ConfigurationKey<Outer>.Content
    switch content {
    case .value(let access):
      lifted = .value(
        ValueAccess<Outer>(
          expectation: access.expectation,
          schema: access.schema,
          read: { access.read($0[keyPath: outer]) },
          write: { root, node throws(ConfigurationMismatch) in try access.write(&root[keyPath: outer], node) },
          violated: { access.violated($0[keyPath: outer]) }))
    case .section(let keys, let validate):
      lifted = .section(
        keys.map { $0.lifted(through: outer) },
        validate: { root, path throws(ConfigurationError) in try validate(root[keyPath: outer], path) })
    }
    return ConfigurationKey<Outer>(name: name, documentation: documentation, content: lifted)
  }
}

/// Reads, writes and checks one value of a struct without knowing its type.
struct ValueAccess<Root>: Sendable {
  /// For example "a whole number, at least 1".
  let expectation: String
  let schema: JSONValue
  let read: @Sendable (Root) -> ConfigurationNode
  let write: @Sendable (inout Root, ConfigurationNode) throws(ConfigurationMismatch) -> Void
  /// The first requirement that the value does not meet.
  let violated: @Sendable (Root) -> String?
}
