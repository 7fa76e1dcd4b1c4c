import Files

/// What can be wrong with an image, or with the place where one is to be written.
public enum ImagingError: Error, Equatable, CustomStringConvertible {
  /// The system would not let us read the file.
  case unreadable(path: String, reason: String)
  /// The file is there, but disk or network would not give its bytes, now and several times more.
  case readFailed(path: String, reason: String)
  /// The first bytes are those of no kind of image that we know.
  case unknownKind(name: String, firstBytes: [UInt8])
  /// It begins as a kind of image does, but does not decode.
  case undecodable(name: String, kind: ImageKind, reason: String)
  /// Its header announces more pixels than the caller wants to take memory for.
  case tooLarge(name: String, width: Int, height: Int, pixelLimit: Int)
  /// The system would not let us write the file.
  case unwritable(path: String, reason: String)

  public var description: String {
    switch self {
    case .unreadable(let path, let reason), .readFailed(let path, let reason):
      "cannot read \(escaped(path)): \(reason)"
    case .unknownKind(let name, let firstBytes) where firstBytes.isEmpty:
      "cannot decode \(escaped(name)): it is empty"
    case .unknownKind(let name, let firstBytes):
      "cannot decode \(escaped(name)): it is neither \(ImageKind.list), for it begins with the bytes \(hexadecimal(firstBytes))"
    case .undecodable(let name, let kind, let reason):
      "cannot decode \(escaped(name)) as \(kind.rawValue): \(reason)"
    case .tooLarge(let name, let width, let height, let pixelLimit):
      "\(escaped(name)) is too large: \(width) x \(height) pixels, and the limit is \(pixelLimit) pixels; make it smaller"
    case .unwritable(let path, let reason):
      "cannot write \(escaped(path)): \(reason)"
    }
  }
}

private func hexadecimal(_ bytes: [UInt8]) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
}
