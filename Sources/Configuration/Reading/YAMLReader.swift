import Yams

/// From YAML to nodes. Anchors and aliases work; merge keys (`<<`) and several documents do not.
extension ConfigurationNode {
  /// - Parameter origin: makes the origin of a line, counted from 1.
  init(yaml text: String, origin: (Int) -> ConfigurationOrigin) throws(ConfigurationError) {
    let node: Node?
    do {
      node = try Yams.compose(yaml: text)
    } catch let error as YamlError {
      throw ConfigurationError(error, in: text, origin: origin)
    } catch {
      throw ConfigurationError(.syntax, at: nil, "the YAML is not valid: \(error)")
    }
    guard let node else {
      self = ConfigurationNode(.null, origin: origin(1))
      return
    }
    self = try ConfigurationNode(node, origin: origin)
  }

  private init(_ node: Node, origin: (Int) -> ConfigurationOrigin) throws(ConfigurationError) {
    let place = origin(node.mark?.line ?? 1)
    switch node {
    case .scalar(let scalar):
      let isNull = scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
      self.init(isNull ? .null : .scalar(scalar.string, isQuoted: scalar.style != .plain), origin: place)
    case .sequence(let sequence):
      var elements: [ConfigurationNode] = []
      for element in sequence {
        elements.append(try ConfigurationNode(element, origin: origin))
      }
      self.init(.list(elements), origin: place)
    case .mapping(let mapping):
      var entries: [Entry] = []
      for (key, value) in mapping {
        let keyPlace = origin(key.mark?.line ?? 1)
        guard let name = key.scalar?.string else {
          throw ConfigurationError(
            .syntax, at: nil, "a key must be a plain name, not a list or section", origin: keyPlace)
        }
        // Yams compares keys with their types and so lets `on` and "on" stand side by side.
        guard !entries.contains(where: { $0.key == name }) else {
          throw ConfigurationError.duplicate(name, origin: keyPlace)
        }
        entries.append(Entry(key: name, value: try ConfigurationNode(value, origin: origin), origin: keyPlace))
      }
      self.init(.section(entries), origin: place)
    case .alias(let alias):
      throw ConfigurationError(.syntax, at: nil, "the alias \(alias.anchor) leads nowhere", origin: place)
    }
  }
}

extension ConfigurationError {
  fileprivate static func duplicate(_ name: String, origin: ConfigurationOrigin) -> ConfigurationError {
    ConfigurationError(
      .duplicateKey, at: nil, "the key \"\(name)\" stands more than once in its section; keep one of them",
      origin: origin)
  }

  fileprivate init(_ error: YamlError, in text: String, origin: (Int) -> ConfigurationOrigin) {
    switch error {
    case .scanner(_, _, let mark, _) where text.isIndentedByTab(onLine: mark.line):
      self.init(.syntax, at: nil, "the line begins with a tab; indent with spaces", origin: origin(mark.line))
    case .duplicatedKeysInMapping(let names, let context):
      self = .duplicate(names.first ?? "", origin: origin(context.mark.line))
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      self.init(.syntax, at: nil, "the YAML is not valid: \(problem)", origin: origin(mark.line))
    case .reader(let problem, let offset, _, let text):
      let line = text.prefix(offset ?? 0).count(where: \.isNewline) + 1
      self.init(.syntax, at: nil, "the YAML is not valid: \(problem)", origin: origin(line))
    default:
      self.init(.syntax, at: nil, "the YAML is not valid: \(error)")
    }
  }
}

extension String {
  /// - Parameter number: from 1.
  fileprivate func isIndentedByTab(onLine number: Int) -> Bool {
    let lines = split(separator: "\n", omittingEmptySubsequences: false)
    return lines.indices.contains(number - 1) && lines[number - 1].prefix { $0 == " " || $0 == "\t" }.contains("\t")
  }
}
