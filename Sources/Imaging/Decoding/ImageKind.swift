/// A kind of image file, told by the bytes it begins with and never by its name.
public enum ImageKind: String, Sendable, CaseIterable {
  case jpeg = "JPEG"
  case png = "PNG"
  case webp = "WebP"
  case tiff = "TIFF"
  case numpy = "NumPy"

  var codec: any ImageCodec.Type {
    switch self {
    case .jpeg: JPEGCodec.self
    case .png: PNGCodec.self
    case .webp: WebPCodec.self
    case .tiff: TIFFCodec.self
    case .numpy: NumpyCodec.self
    }
  }

  init?(firstBytes: ArraySlice<UInt8>) {
    guard let kind = Self.allCases.first(where: { $0.codec.recognizes(firstBytes) }) else { return nil }
    self = kind
  }

  /// What the names of image files end in, in lower case.
  public static let endings = allCases.flatMap { $0.codec.endings }
  /// "JPEG nor PNG", for sentences on what a file is not.
  static let list: String = {
    let names = allCases.map(\.rawValue)
    return names.dropLast().joined(separator: ", ") + " nor " + names.last!
  }()
}
