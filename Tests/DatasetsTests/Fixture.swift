import Datasets
import Foundation
import Imaging
import Synchronization

/// The committed files beside `make_fixtures.py`.
enum Fixture {
  static func path(_ name: String) -> String {
    Bundle.module.bundleURL.appendingPathComponent("Fixtures/\(name)").path
  }

  static func data(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: path(name)))
  }

  static func cases<Case: Decodable>(_ name: String) throws -> [Case] {
    try JSONDecoder().decode([Case].self, from: data(name))
  }
}

/// A folder that is gone when the test is over.
final class ScratchFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "datasets-tests-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  /// Writes a file of the folder, and the folders above it.
  func write(_ bytes: some Sequence<UInt8>, to name: String) throws {
    let file = URL(fileURLWithPath: "\(path)/\(name)")
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
  }

  func copyFixture(_ fixture: String, to name: String) throws {
    try write(Fixture.data(fixture), to: name)
  }

  /// An image of one grey pixel of the given value.
  func writePixel(_ value: UInt8, to name: String) throws {
    try write([], to: name)
    try Image(width: 1, height: 1, channels: 1, pixels: [value]).writePNG(to: "\(path)/\(name)")
  }
}

/// Images made by arithmetic: each index has its own. Those in `bad` do not decode.
final class SyntheticSource: ImageSource {
  let kind = "images made by arithmetic"
  let count: Int
  let shape: ImageShape? = nil
  let classNames: [String] = []
  private let bad: Set<Int>
  private let secondsToDecode: @Sendable (_ index: Int) -> Double

  init(count: Int, bad: Set<Int> = [], secondsToDecode: @escaping @Sendable (_ index: Int) -> Double = { _ in 0 }) {
    self.count = count
    self.bad = bad
    self.secondsToDecode = secondsToDecode
  }

  func identity() -> DataIdentity { DataIdentity(count: count, hash: "arithmetic") }

  func name(of index: Int) -> String { "image \(index)" }

  /// A class of its own for each.
  func label(of index: Int) -> Int? { index }

  func image(at index: Int) throws(DatasetError) -> Image {
    let seconds = secondsToDecode(index)
    if seconds > 0 { Thread.sleep(forTimeInterval: seconds) }
    guard !bad.contains(index) else { throw .badImage(badSample(index)) }
    let (width, height) = (17 + index % 5, 13 + index % 7)
    let pixels = (0..<width * height * 3).map { (position: Int) -> UInt8 in
      let mixed = UInt32(truncatingIfNeeded: (position &+ 1) &* (2 &* index &+ 3)) &* 2_654_435_761
      return UInt8(mixed >> 24)
    }
    return Image(width: width, height: height, channels: 3, pixels: pixels)
  }

  func badSample(_ index: Int) -> BadSample {
    BadSample(index: index, name: name(of: index), reason: "image \(index) is bad")
  }
}

extension PlanarImage {
  /// The samples of an 8-bit image.
  var bytes: [UInt8] { pixels.bytes }
}

extension PlanarPixels {
  /// The samples of an 8-bit image.
  var bytes: [UInt8] { Array(UnsafeBufferPointer(start: base(UInt8.self), count: shape.count)) }
}

/// Images made by arithmetic, whose first `failures` readings fail.
final class FlickeringSource: ImageSource {
  let kind = "images from a bad disk"
  let count = 10
  let shape: ImageShape? = nil
  let classNames: [String] = []
  private let images = SyntheticSource(count: 10)
  private let failuresLeft: Mutex<Int>

  init(failures: Int) { failuresLeft = Mutex(failures) }

  func identity() -> DataIdentity { images.identity() }

  func name(of index: Int) -> String { images.name(of: index) }

  func label(of index: Int) -> Int? { index }

  func image(at index: Int) throws(DatasetError) -> Image {
    let fails = failuresLeft.withLock { left in
      left -= 1
      return left >= 0
    }
    if fails { throw .badImage(images.badSample(index)) }
    return try images.image(at: index)
  }
}
