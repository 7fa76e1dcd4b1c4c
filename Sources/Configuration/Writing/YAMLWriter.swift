/// Writes a section in table order, two spaces a level, a blank line before each section of the first level.
struct YAMLWriter {
  let text: String

  /// Values longer than this do not push the comments beside them further to the right.
  private static let widestAlignedLine = 44

  init<Root: ConfigurationSection>(root: Root, documented: Bool) {
    var lines: [String] = []
    Self.write(root, Root.keys, indent: "", documented: documented, into: &lines)
    text = lines.map { $0 + "\n" }.joined()
  }

  private static func write<Root>(
    _ root: Root, _ keys: [ConfigurationKey<Root>], indent: String, documented: Bool, into lines: inout [String]
  ) {
    let written = keys.map { key in
      guard case .value(let access) = key.content else { return indent + key.name + ":" }
      return "\(indent)\(key.name): \(access.read(root).text)"
    }
    let column = written.map(\.count).filter { $0 <= widestAlignedLine }.max() ?? 0
    for (key, line) in zip(keys, written) {
      switch key.content {
      case .value(let access):
        lines.append(documented ? commented(line, "\(key.documentation) (\(access.expectation))", column) : line)
      case .section(let nested, _):
        if indent.isEmpty, !lines.isEmpty { lines.append("") }
        let opening = nested.isEmpty ? line + " {}" : line
        lines.append(documented ? commented(opening, key.documentation, 0) : opening)
        write(root, nested, indent: indent + "  ", documented: documented, into: &lines)
      }
    }
  }

  private static func commented(_ line: String, _ comment: String, _ column: Int) -> String {
    line + String(repeating: " ", count: max(0, column - line.count)) + "  # " + comment
  }
}
