import Foundation
import Imaging

/// The committed files beside `make_fixtures.py`.
enum Fixture {
  static func path(_ name: String) -> String {
    Bundle.module.bundleURL.appendingPathComponent("Fixtures/\(name)").path
  }

  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  /// The values of a file that holds nothing else.
  static func values<Value>(_ name: String, of: Value.Type) throws -> [Value] {
    try bytes(name).withUnsafeBytes { bytes in
      (0..<bytes.count / MemoryLayout<Value>.stride).map {
        bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Value>.stride, as: Value.self)
      }
    }
  }

  static func cases<Case: Decodable>(_ name: String) throws -> [Case] {
    try JSONDecoder().decode([Case].self, from: Data(bytes(name)))
  }
}

/// A folder that is gone when the test is over.
final class ScratchFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "imaging-tests-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
  }
}

/// Planar samples with their own memory.
final class PlanarBytes {
  let view: PlanarPixels
  private let memory: UnsafeMutablePointer<UInt8>

  init(channels: Int, height: Int, width: Int) {
    let shape = ImageShape(channels: channels, height: height, width: width)
    memory = .allocate(capacity: shape.count)
    memory.initialize(repeating: 77, count: shape.count)
    view = PlanarPixels(base: memory, shape: shape)
  }

  deinit {
    memory.deallocate()
  }
}
