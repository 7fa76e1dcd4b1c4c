import CJPEG

/// JPEG through libjpeg: baseline and progressive, grey, RGB, YCbCr, CMYK and YCCK.
enum JPEGCodec: ImageCodec {
  static let endings = [".jpg", ".jpeg", ".jpe", ".jfif"]

  static func recognizes(_ firstBytes: ArraySlice<UInt8>) -> Bool {
    firstBytes.starts(with: [0xFF, 0xD8, 0xFF])
  }

  static func header(of bytes: [UInt8], _ options: DecodingOptions) throws(CodecFailure) -> ImageHeader {
    var header = cjpeg_header()
    try callCodec { message in cjpeg_read_header(bytes, bytes.count, &header, message) }
    return ImageHeader(
      width: Int(header.width), height: Int(header.height), channels: Int(header.channels), hasAlpha: false)
  }

  static func decode(
    _ bytes: [UInt8], _ options: DecodingOptions, _ header: ImageHeader, into memory: UnsafeMutableRawBufferPointer
  ) throws(CodecFailure) {
    try callCodec { message in
      cjpeg_decode(
        bytes, bytes.count, memory.baseAddress!.assumingMemoryBound(to: UInt8.self), memory.count, message)
    }
  }
}
