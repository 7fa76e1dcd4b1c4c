import Files

/// The kernel's files about this machine (`/proc`, `/sys`), below a root that tests replace.
public struct SystemFiles: Sendable {
  private let root: String

  public init(root: String = "") {
    self.root = root
  }

  /// The text of a file, without white space at its end; nil where it cannot be read, as on systems that do not have it.
  func text(_ path: String) -> String? {
    // Some of these files say that they have no bytes, and some are no regular ones: they are read to their end.
    guard let bytes = try? readStream(root + path, limit: 1 << 20) else { return nil }
    var text = String(decoding: bytes, as: UTF8.self)[...]
    while text.last?.isWhitespace ?? false { text = text.dropLast() }
    return String(text)
  }

  /// What lies in a folder; empty where there is none.
  func names(_ folder: String) -> [String] { (try? listDirectory(root + folder)) ?? [] }

  func exists(_ path: String) -> Bool { (try? fileKindFollowingLinks(root + path)) != nil }

  /// A number that a file holds.
  func number(_ path: String) -> Int? { text(path).flatMap { Int($0) } }

  /// What stands behind `name` in a file of lines `name : value`.
  func field(_ name: String, of path: String) -> String? {
    for line in (text(path) ?? "").split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2, parts[0].split(whereSeparator: \.isWhitespace).joined(separator: " ") == name else {
        continue
      }
      return parts[1].split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
    return nil
  }
}
