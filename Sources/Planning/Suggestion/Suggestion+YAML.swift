import Reporting

extension Suggestion {
  /// The configuration with the reason of each number above it.
  ///
  /// - Parameters:
  ///   - heading: lines about where it comes from.
  public func yaml(heading: [String]) -> String {
    var text = heading.map { "# \($0)\n" }.joined()
    var section = ""
    for line in lines {
      if line.section != section {
        section = line.section
        text += "\(section):\n"
      }
      text += "  # \(line.reason.prefix(1).uppercased() + line.reason.dropFirst()).\n  \(line.key): \(line.value)\n"
    }
    return text
  }
}
