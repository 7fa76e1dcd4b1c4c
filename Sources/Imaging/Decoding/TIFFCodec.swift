import CTIFF

/// TIFF through libtiff: the first image of a file, strips and tiles, chunky and planar, any number of channels.
enum TIFFCodec: ImageCodec {
  static let endings = [".tif", ".tiff"]

  static func recognizes(_ firstBytes: ArraySlice<UInt8>) -> Bool {
    // The classic kind and that of more than 4 GiB, in either byte order.
    [[0x49, 0x49, 42, 0], [0x4D, 0x4D, 0, 42], [0x49, 0x49, 43, 0], [0x4D, 0x4D, 0, 43]]
      .contains { firstBytes.starts(with: $0 as [UInt8]) }
  }

  static func header(of bytes: [UInt8], _ options: DecodingOptions) throws(CodecFailure) -> ImageHeader {
    var header = ctiff_header()
    try callCodec { message in ctiff_read_header(bytes, bytes.count, &header, message) }
    return ImageHeader(
      width: Int(header.width), height: Int(header.height), channels: Int(header.channels),
      hasAlpha: header.has_alpha, sampleKind: header.bits == 8 ? .uint8 : header.bits == 16 ? .uint16 : .float32)
  }

  static func decode(
    _ bytes: [UInt8], _ options: DecodingOptions, _ header: ImageHeader, into memory: UnsafeMutableRawBufferPointer
  ) throws(CodecFailure) {
    try callCodec { message in ctiff_decode(bytes, bytes.count, memory.baseAddress, memory.count, message) }
  }
}
