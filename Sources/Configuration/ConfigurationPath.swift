/// The dotted name of a key, as people write it after `--set`: `model.encoder.width`.
///
/// `path["width"]` names a key below `path`; validation code builds the full names in its messages with it.
public struct ConfigurationPath: Hashable, Sendable, CustomStringConvertible {
  /// The dotted name; empty for the root.
  public let description: String

  /// The file as a whole.
  public static let root = ConfigurationPath(description: "")

  private init(description: String) {
    self.description = description
  }

  /// The path of a key in the section that this path names.
  public subscript(key: String) -> ConfigurationPath {
    ConfigurationPath(description: description.isEmpty ? key : "\(description).\(key)")
  }

  /// The name behind the last dot.
  var leaf: Substring {
    description.split(separator: ".", omittingEmptySubsequences: false).last ?? ""
  }

  func isBelow(_ section: ConfigurationPath) -> Bool {
    description.hasPrefix(section.description + ".")
  }
}
