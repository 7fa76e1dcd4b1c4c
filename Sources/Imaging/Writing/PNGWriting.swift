import CPNG
import Files
import Glibc

extension Image {
  /// Writes the image to `path` as an 8-bit grey or RGB PNG; alpha is laid over white.
  ///
  /// The file appears whole or not at all: it is written beside its place under another name, then renamed.
  public func writePNG(to path: String) throws(ImagingError) {
    let bytes = try encodedPNG(name: path)
    do throws(FileError) {
      try replaceFile(path, with: bytes)
    } catch {
      throw .unwritable(path: path, reason: error.reason)
    }
  }

  /// The bytes of the PNG file; `name` is what an error calls it.
  func encodedPNG(name: String) throws(ImagingError) -> [UInt8] {
    guard let opaque = converted(toChannels: channels == 1 ? 1 : 3) else {
      preconditionFailure("a PNG of \(channels) channels")
    }
    var encoded: UnsafeMutablePointer<UInt8>?
    var count = 0
    var message = [CChar](repeating: 0, count: CPNG_MESSAGE_SIZE)
    guard
      cpng_encode(
        opaque.pixels, UInt32(width), UInt32(height), Int32(opaque.channels), &encoded, &count, &message)
    else {
      throw .unwritable(path: name, reason: message.withUnsafeBufferPointer { String(cString: $0.baseAddress!) })
    }
    defer { free(encoded) }
    return Array(UnsafeBufferPointer(start: encoded, count: count))
  }
}
