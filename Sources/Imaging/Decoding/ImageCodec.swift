/// What a kind of image file says of itself before any pixel is read.
struct ImageHeader: Equatable {
  let width: Int
  let height: Int
  let channels: Int
  var hasAlpha: Bool
  var sampleKind = SampleKind.uint8

  var sampleCount: Int { width * height * channels }
}

/// The codec's own words for what is wrong.
struct CodecFailure: Error {
  let reason: String
}

/// A decoder of one kind of image file. A new kind is a file with a type that conforms, and a case of `ImageKind`.
protocol ImageCodec {
  /// What the names of such files end in, in lower case.
  static var endings: [String] { get }
  /// Whether a file that begins so is of this kind.
  static func recognizes(_ firstBytes: ArraySlice<UInt8>) -> Bool
  /// Reads what the file says of itself, and takes no memory for its pixels.
  static func header(of bytes: [UInt8], _ options: DecodingOptions) throws(CodecFailure) -> ImageHeader
  /// Writes the samples that `header` announces, rows from the top and the channels of a pixel side by side.
  static func decode(
    _ bytes: [UInt8], _ options: DecodingOptions, _ header: ImageHeader, into memory: UnsafeMutableRawBufferPointer
  ) throws(CodecFailure)
  /// Decodes as little more than `crop` as it can, which lies within the image; nil where it can only decode all.
  static func decode(
    _ bytes: [UInt8], _ crop: PixelRectangle, reduction: Int, isFast: Bool
  ) throws(CodecFailure) -> CroppedImage?
}

extension ImageCodec {
  static func decode(
    _ bytes: [UInt8], _ crop: PixelRectangle, reduction: Int, isFast: Bool
  ) throws(CodecFailure) -> CroppedImage? { nil }
}

/// Calls a function of the C shims, which return false and leave a message where they fail.
func callCodec(_ call: (UnsafeMutablePointer<CChar>) -> Bool) throws(CodecFailure) {
  // Each shim cuts its messages to 256 bytes.
  let reason: String? = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { message in
    message.initialize(repeating: 0)
    return call(message.baseAddress!) ? nil : String(cString: message.baseAddress!)
  }
  if let reason { throw CodecFailure(reason: reason) }
}
