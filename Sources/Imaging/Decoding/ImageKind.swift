/// A kind of image file, told by the bytes it begins with and never by its name.
public enum ImageKind: String, Sendable {
  case jpeg = "JPEG"
  case png = "PNG"

  init?(firstBytes: [UInt8]) {
    if firstBytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if firstBytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else {
      return nil
    }
  }
}
