import Foundation

/// Reads the text of a configuration file.
enum ConfigurationFile {
  /// Far above any configuration, far below a checkpoint or an image shard that was named by mistake.
  static let largestSize = 1 << 20

  /// What editors of Windows put before UTF-8 text; it says nothing.
  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  static func text(at path: String) throws(ConfigurationError) -> String {
    func refuse(_ reason: String) -> ConfigurationError {
      ConfigurationError(.unreadable, at: nil, "cannot read the configuration \"\(path)\": \(reason)")
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw refuse(errno == ENOENT ? "there is no such file" : "\(lastSystemError())")
    }
    defer { close(descriptor) }
    var information = stat()
    guard fstat(descriptor, &information) == 0 else { throw refuse(lastSystemError()) }
    guard information.st_mode & S_IFMT != S_IFDIR else {
      throw refuse("it is a directory; name a YAML file")
    }
    // Reading until the end rather than the size that stat gives lets pipes and /dev/stdin be configurations too.
    var bytes = [UInt8](repeating: 0, count: largestSize + 1)
    var count = 0
    while count < bytes.count {
      let received = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress! + count, $0.count - count) }
      if received < 0, errno == EINTR { continue }
      guard received >= 0 else { throw refuse(lastSystemError()) }
      if received == 0 { break }
      count += received
    }
    guard count <= largestSize else {
      throw refuse("it is larger than \(largestSize / 1024) KiB, so it cannot be a configuration")
    }
    guard let text = String(validating: bytes[..<count].trimmingPrefix(byteOrderMark), as: UTF8.self) else {
      throw refuse("it is not UTF-8 text; save it as UTF-8")
    }
    return text
  }

  private static func lastSystemError() -> String {
    String(cString: strerror(errno)).lowercased()
  }
}
