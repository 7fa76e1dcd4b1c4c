import Reporting

extension Suggestion {
  /// Of a machine on which other programs compute while its speed is measured; nil where that is not worth a word.
  ///
  /// - Parameters:
  ///   - load: the cores that others kept busy meanwhile.
  ///   - cores: that train.
  public static func remark(onLoad load: Double, cores: Int) -> String? {
    guard load > 0.25 * Double(cores) else { return nil }
    return
      "Other programs kept \(ProgressFormat.measure(load)) of \(ProgressFormat.count(cores, "core")) busy when the speed was "
      + "measured: ask again when nothing else runs, for larger numbers."
  }

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
