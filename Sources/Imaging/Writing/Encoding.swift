import CJPEG
import Glibc

/// An image as the bytes of a file.
public struct EncodedImage: Sendable, Equatable {
  public let bytes: [UInt8]
  /// What the file's name ends in: ".jpg".
  public let ending: String

  public init(bytes: [UInt8], ending: String) {
    self.bytes = bytes
    self.ending = ending
  }

  /// The file at `path`, which is of a kind that is decoded; nil where its content is of no such kind.
  public init?(at path: [UInt8]) throws(ImagingError) {
    self.init(try readFile(path))
  }

  /// The ending follows from the content and not from a name.
  public init?(_ bytes: [UInt8]) {
    guard let kind = ImageKind(firstBytes: bytes.prefix(16)) else { return nil }
    self.init(bytes: bytes, ending: kind.codec.endings[0])
  }
}

extension Image {
  /// The image in the smallest kind of file that keeps every sample: PNG for 8 bits of grey or RGB, NumPy's for the rest.
  public func encodedExactly(name: String) throws(ImagingError) -> EncodedImage {
    if case .uint8 = samples, channels == 1 || channels == 3 {
      return EncodedImage(bytes: try encodedPNG(name: name), ending: ".png")
    }
    return EncodedImage(bytes: encodedNumpy(), ending: ".npy")
  }

  /// The image as a JPEG; 8 bits of grey or RGB.
  public func encodedJPEG(quality: Int, name: String) throws(ImagingError) -> EncodedImage {
    precondition((1...100).contains(quality), "a quality of \(quality)")
    precondition(channels == 1 || channels == 3, "a JPEG of \(channels) channels")
    var encoded: UnsafeMutablePointer<UInt8>?
    var count = 0
    var message = [CChar](repeating: 0, count: CJPEG_MESSAGE_SIZE)
    guard
      cjpeg_encode(
        pixels, UInt32(width), UInt32(height), Int32(channels), Int32(quality), &encoded, &count, &message)
    else {
      throw .unwritable(path: name, reason: message.withUnsafeBufferPointer { String(cString: $0.baseAddress!) })
    }
    defer { free(encoded) }
    return EncodedImage(bytes: Array(UnsafeBufferPointer(start: encoded, count: count)), ending: ".jpg")
  }

  /// [height, width, channels] as NumPy saves it.
  private func encodedNumpy() -> [UInt8] {
    let (type, content): (String, [UInt8]) =
      switch samples {
      case .uint8(let samples): ("|u1", samples)
      case .uint16(let samples): ("<u2", samples.withUnsafeBytes { Array($0) })
      case .float32(let samples): ("<f4", samples.withUnsafeBytes { Array($0) })
      }
    var text = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(height), \(width), \(channels)), }"
    text += String(repeating: " ", count: 63 - (10 + text.utf8.count) % 64) + "\n"
    let length = text.utf8.count
    return NumpyHeader.magic + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + Array(text.utf8) + content
  }
}
