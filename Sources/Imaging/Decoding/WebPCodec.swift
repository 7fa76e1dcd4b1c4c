import CWebP

/// WebP through libwebp: lossy and lossless, with and without alpha; no animations.
enum WebPCodec: ImageCodec {
  static let endings = [".webp"]

  static func recognizes(_ firstBytes: ArraySlice<UInt8>) -> Bool {
    firstBytes.starts(with: Array("RIFF".utf8)) && firstBytes.dropFirst(8).starts(with: Array("WEBP".utf8))
  }

  static func header(of bytes: [UInt8], _ options: DecodingOptions) throws(CodecFailure) -> ImageHeader {
    var features = WebPBitstreamFeatures()
    try check(WebPGetFeatures(bytes, bytes.count, &features))
    guard features.has_animation == 0 else { throw CodecFailure(reason: "it is an animation") }
    return ImageHeader(
      width: Int(features.width), height: Int(features.height), channels: features.has_alpha != 0 ? 4 : 3,
      hasAlpha: features.has_alpha != 0)
  }

  static func decode(
    _ bytes: [UInt8], _ options: DecodingOptions, _ header: ImageHeader, into memory: UnsafeMutableRawBufferPointer
  ) throws(CodecFailure) {
    let pixels = memory.baseAddress!.assumingMemoryBound(to: UInt8.self)
    let rowBytes = Int32(header.width * header.channels)
    let decode = header.hasAlpha ? WebPDecodeRGBAInto : WebPDecodeRGBInto
    guard decode(bytes, bytes.count, pixels, memory.count, rowBytes) != nil else {
      throw CodecFailure(reason: "it ends too early or is damaged")
    }
  }

  private static func check(_ status: VP8StatusCode) throws(CodecFailure) {
    switch status {
    case VP8_STATUS_OK: return
    case VP8_STATUS_NOT_ENOUGH_DATA: throw CodecFailure(reason: "it ends within its header")
    case VP8_STATUS_UNSUPPORTED_FEATURE: throw CodecFailure(reason: "it has features that libwebp lacks")
    default: throw CodecFailure(reason: "its header is damaged")
    }
  }
}
