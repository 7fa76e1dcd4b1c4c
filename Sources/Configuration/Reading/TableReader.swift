/// Fills a section from nodes as its table says, remembers where each value came from, and checks the result.
struct TableReader<Root: ConfigurationSection> {
  private(set) var value: Root
  private var origins: [ConfigurationPath: ConfigurationOrigin] = [:]

  init(value: Root = Root()) {
    self.value = value
    Self.requireDistinctNames(Root.keys)
  }

  /// Sets the values that `node` names and leaves all others.
  mutating func apply(_ node: ConfigurationNode) throws(ConfigurationError) {
    try apply(node, to: Root.keys, at: .root)
  }

  private mutating func apply(
    _ node: ConfigurationNode, to keys: [ConfigurationKey<Root>], at path: ConfigurationPath
  ) throws(ConfigurationError) {
    let entries: [ConfigurationNode.Entry]
    switch node.content {
    case .null: return
    case .section(let found): entries = found
    case .scalar, .list:
      let section = path == .root ? "the configuration" : path.description
      let names = keys.map(\.name).joined(separator: ", ")
      throw ConfigurationError(
        path == .root ? .syntax : .wrongType, at: path,
        "\(section) must be a section with the keys \(names), found \(node.summary)", origin: node.origin)
    }
    for entry in entries {
      let name = path[entry.key]
      guard let key = keys.first(where: { $0.name == entry.key }) else {
        let nearest = NearestKey.nearest(to: name, among: Self.paths(Root.keys, below: .root))
        throw ConfigurationError(
          .unknownKey, at: name, "\(name) is not a known key; the nearest known key is \(nearest)",
          origin: entry.origin)
      }
      switch key.content {
      case .section(let nested, _):
        try apply(entry.value, to: nested, at: name)
      case .value(let access):
        do throws(ConfigurationMismatch) {
          try access.write(&value, entry.value)
        } catch {
          throw ConfigurationError(
            .wrongType, at: name,
            "\(name) must be \(error.expected ?? access.expectation), found \(entry.value.summary)"
              + (error.advice.map { "; \($0)" } ?? ""),
            origin: entry.value.origin)
        }
        origins[name] = entry.value.origin
      }
    }
  }

  /// Every constraint first, then the sections' own checks from the inside out, which may rely on the constraints.
  func check() throws(ConfigurationError) {
    do throws(ConfigurationError) {
      try checkConstraints(Root.keys, at: .root)
      try checkSections(Root.keys, at: .root)
      try value.validate(at: .root)
    } catch {
      var error = error
      error.origin = error.origin ?? error.path.flatMap { origins[$0] }
      throw error
    }
  }

  private func checkConstraints(
    _ keys: [ConfigurationKey<Root>], at path: ConfigurationPath
  ) throws(ConfigurationError) {
    for key in keys {
      switch key.content {
      case .section(let nested, _):
        try checkConstraints(nested, at: path[key.name])
      case .value(let access):
        guard let requirement = access.violated(value) else { continue }
        throw ConfigurationError(
          .invalid, at: path[key.name],
          "\(path[key.name]) is \(access.read(value).text), but must be \(requirement)")
      }
    }
  }

  private func checkSections(_ keys: [ConfigurationKey<Root>], at path: ConfigurationPath) throws(ConfigurationError) {
    for key in keys {
      guard case .section(let nested, let validate) = key.content else { continue }
      try checkSections(nested, at: path[key.name])
      try validate(value, path[key.name])
    }
  }

  private static func paths(_ keys: [ConfigurationKey<Root>], below path: ConfigurationPath) -> [ConfigurationPath] {
    keys.flatMap { key in
      guard case .section(let nested, _) = key.content else { return [path[key.name]] }
      return [path[key.name]] + paths(nested, below: path[key.name])
    }
  }

  private static func requireDistinctNames(_ keys: [ConfigurationKey<Root>]) {
    precondition(Set(keys.map(\.name)).count == keys.count, "a table names a key twice: \(keys.map(\.name))")
    for case .section(let nested, _) in keys.map(\.content) {
      requireDistinctNames(nested)
    }
  }
}
