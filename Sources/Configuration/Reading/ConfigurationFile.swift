import Files
import Glibc

/// The text of a configuration file, for whoever must look at it before he knows what it is for.
public struct ConfigurationFile: Sendable {
  public let path: String
  public let text: String

  public init(_ path: String) throws(ConfigurationError) {
    self.path = path
    text = try Self.text(at: path)
  }

  /// The keys at its top, as they are written.
  public var topKeys: [String] {
    get throws(ConfigurationError) {
      let node = try ConfigurationNode(yaml: text, origin: { .line(file: path, line: $0) })
      guard case .section(let entries) = node.content else { return [] }
      return entries.map(\.key)
    }
  }

  /// Far above any configuration, far below a checkpoint or an image shard that was named by mistake.
  static let largestSize = 1 << 20

  /// What editors of Windows put before UTF-8 text; it says nothing.
  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  static func text(at path: String) throws(ConfigurationError) -> String {
    func refuse(_ reason: String) -> ConfigurationError {
      ConfigurationError(.unreadable, at: nil, "cannot read the configuration \"\(escaped(path))\": \(reason)")
    }
    let bytes: [UInt8]
    do throws(FileError) {
      // Reading until the end rather than the size that the system gives lets pipes and /dev/stdin be configurations too.
      bytes = try readStream(path, limit: largestSize + 1)
    } catch {
      throw refuse(
        error.code == ENOENT
          ? "there is no such file"
          : error.isOtherThanFile ? "it is a directory; name a YAML file" : error.reason.lowercased())
    }
    guard bytes.count <= largestSize else {
      throw refuse("it is larger than \(largestSize / 1024) KiB, so it cannot be a configuration")
    }
    guard let text = String(validating: bytes.trimmingPrefix(byteOrderMark), as: UTF8.self) else {
      throw refuse("it is not UTF-8 text; save it as UTF-8")
    }
    return text
  }
}
