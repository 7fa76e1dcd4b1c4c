/// What editors take to complete keys, to show what they mean, and to mark mistakes: a schema of JSON Schema's draft 7
/// (json-schema.org), which YAML editors read.
///
/// It follows from the tables: each key with its type, range, default and documentation. What only `validate` knows (how
/// values fit together) is not in it.
extension ConfigurationSection {
  /// - Parameter title: what the schema is for, in a few words.
  public static func schema(title: String) -> JSONValue {
    JSONValue.object(["$schema": .text("http://json-schema.org/draft-07/schema#"), "title": .text(title)])
      .joined(with: Self.schema(of: keys, in: Self()))
  }

  private static func schema(of keys: [ConfigurationKey<Self>], in defaults: Self) -> JSONValue {
    let properties = keys.map { key -> (String, JSONValue) in
      let documentation = JSONValue.object(["description": .text(key.documentation)])
      switch key.content {
      case .value(let access):
        let node = access.read(defaults).jsonValue
        return (key.name, access.schema.joined(with: documentation).joined(with: .object(["default": node])))
      case .section(let nested, _):
        return (key.name, schema(of: nested, in: defaults).joined(with: documentation))
      }
    }
    return .object([
      // A section of which nothing is written is null.
      "type": .list([.text("object"), .text("null")]),
      "properties": .object(Dictionary(uniqueKeysWithValues: properties)),
      "additionalProperties": .truth(false),
    ])
  }
}

extension JSONValue {
  static func type(_ name: String) -> JSONValue { .object(["type": .text(name)]) }

  /// Values of any of several schemas.
  public static func any(of schemas: [JSONValue]) -> JSONValue { .object(["anyOf": .list(schemas)]) }

  /// One of some words.
  public static func words(_ words: [String]) -> JSONValue { .object(["enum": .list(words.map(JSONValue.text))]) }
}

extension ConfigurationValue {
  /// What a type says that says nothing: anything may be a value.
  public static var schema: JSONValue { .object([:]) }
}
