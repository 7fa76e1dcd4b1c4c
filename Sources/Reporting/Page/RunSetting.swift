/// A line of a run's configuration, as `config.yaml` has it.
public struct RunSetting: Hashable, Sendable {
  /// The full path: `train.batch_size`.
  public var name: String
  /// As YAML writes it.
  public var value: String
  public var documentation: String

  public init(name: String, value: String, documentation: String) {
    (self.name, self.value, self.documentation) = (name, value, documentation)
  }

  /// The settings of a file that a run has written: a key a line, two spaces a level, documentation behind the last `#`.
  ///
  /// It is no reader of YAML: what somebody else has written may come out in part. A report shows what it can of a run whose
  /// keys this version no longer knows.
  public static func settings(of yaml: String) -> [RunSetting] {
    var sections: [String] = []
    var settings: [RunSetting] = []
    for line in yaml.split(separator: "\n") {
      let indent = line.prefix { $0 == " " }.count
      let (content, documentation) = parts(of: line.dropFirst(indent))
      guard let colon = content.firstIndex(of: ":"), indent.isMultiple(of: 2) else { continue }
      let key = String(content[..<colon])
      let value = content[content.index(after: colon)...].drop { $0 == " " }
      sections = Array(sections.prefix(indent / 2))
      if value.isEmpty {
        sections.append(key)
      } else {
        settings.append(
          RunSetting(
            name: (sections + [key]).joined(separator: "."), value: String(value), documentation: documentation))
      }
    }
    return settings
  }

  /// A line without its comment, and the comment without what the value may be, which stands in its last brackets.
  private static func parts(of line: Substring) -> (content: Substring, documentation: String) {
    guard let mark = line.ranges(of: "  # ").last else { return (line, "") }
    var documentation = line[mark.upperBound...]
    if documentation.hasSuffix(")"), let opening = documentation.ranges(of: " (").last {
      documentation = documentation[..<opening.lowerBound]
    }
    var content = line[..<mark.lowerBound]
    while content.last == " " { content.removeLast() }
    return (content, String(documentation))
  }
}
