import Foundation

/// A folder of its own for a test, gone when the test is done.
final class TemporaryFolder {
  let path: String

  init() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "mae-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    path = folder.path
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  func text(of name: String) throws -> String {
    try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
  }
}

/// A file beside the tests.
func fixture(_ name: String) throws -> [UInt8] {
  Array(try Data(contentsOf: Bundle.module.bundleURL.appending(path: "Fixtures/\(name)")))
}
