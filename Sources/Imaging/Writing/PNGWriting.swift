import CPNG
import Glibc

extension Image {
  /// Writes the image to `path` as an 8-bit grey or RGB PNG; alpha is laid over white.
  ///
  /// The file appears whole or not at all: it is written beside its place under another name, then renamed.
  public func writePNG(to path: String) throws(ImagingError) {
    try writeWholeFile(encodedPNG(name: path), to: path)
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

/// Writes `bytes` to a temporary sibling of `path`, then gives it its name.
private func writeWholeFile(_ bytes: [UInt8], to path: String) throws(ImagingError) {
  let temporary = "\(path).writing-\(getpid())"
  let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
  guard descriptor >= 0 else { throw .unwritable(path: path, reason: lastSystemError()) }
  var written = 0
  var reason: String?
  while written < bytes.count && reason == nil {
    let sent = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + written, bytes.count - written) }
    if sent >= 0 {
      written += sent
    } else if errno != EINTR {
      reason = lastSystemError()
    }
  }
  if close(descriptor) != 0 && reason == nil { reason = lastSystemError() }
  if reason == nil && rename(temporary, path) != 0 { reason = lastSystemError() }
  if let reason {
    unlink(temporary)
    throw .unwritable(path: path, reason: reason)
  }
}
