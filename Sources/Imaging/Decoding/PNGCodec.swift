import CPNG

/// PNG through libpng: every colour type, 8 and 16 bits; fewer bits become 8.
enum PNGCodec: ImageCodec {
  static let endings = [".png"]

  static func recognizes(_ firstBytes: ArraySlice<UInt8>) -> Bool {
    firstBytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
  }

  static func header(of bytes: [UInt8], _ options: DecodingOptions) throws(CodecFailure) -> ImageHeader {
    var header = cpng_header()
    try callCodec { message in cpng_read_header(bytes, bytes.count, &header, message) }
    return ImageHeader(
      width: Int(header.width), height: Int(header.height), channels: Int(header.channels),
      hasAlpha: header.channels == 4, sampleKind: header.bits == 16 ? .uint16 : .uint8)
  }

  static func decode(
    _ bytes: [UInt8], _ options: DecodingOptions, _ header: ImageHeader, into memory: UnsafeMutableRawBufferPointer
  ) throws(CodecFailure) {
    try callCodec { message in
      cpng_decode(bytes, bytes.count, memory.baseAddress!.assumingMemoryBound(to: UInt8.self), memory.count, message)
    }
  }
}
