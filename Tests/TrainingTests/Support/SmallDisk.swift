import Foundation
import MPILaunch
import Testing

/// A file system of three megabytes, enough for five checkpoints of the tiny model; unmounted with the value.
final class SmallDisk {
  private let path: String
  private var ballast: String { "\(path)/ballast" }

  init(at path: String) throws {
    self.path = path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let outcome = try MPILaunch.run(
      "/usr/bin/env", ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", path], ranks: nil)
    try #require(outcome.exitCode == 0, "the tests need root: \(outcome.errorOutput)")
  }

  deinit {
    _ = try? MPILaunch.run("/usr/bin/env", ["umount", "--lazy", path], ranks: nil)
  }

  /// Takes all that is left.
  func fill() {
    let file = open(ballast, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    defer { close(file) }
    let page = [UInt8](repeating: 1, count: 4096)
    while write(file, page, page.count) > 0 {}
  }

  func makeRoom() throws {
    try FileManager.default.removeItem(atPath: ballast)
  }
}
