/// NumPy's `.npy` with one image: [H, W], [H, W, C] or [C, H, W] of uint8, uint16, float32 or float64.
enum NumpyCodec: ImageCodec {
  static let endings = [".npy"]

  static func recognizes(_ firstBytes: ArraySlice<UInt8>) -> Bool {
    firstBytes.starts(with: NumpyHeader.magic)
  }

  static func header(of bytes: [UInt8], _ options: DecodingOptions) throws(CodecFailure) -> ImageHeader {
    let (header, layout) = try read(bytes, options)
    guard let kind = header.element.sampleKind else {
      throw CodecFailure(reason: "its numbers are \(header.element), and samples are uint8, uint16, float32 or float64")
    }
    return ImageHeader(
      width: layout.width, height: layout.height, channels: layout.channels, hasAlpha: false, sampleKind: kind)
  }

  static func decode(
    _ bytes: [UInt8], _ options: DecodingOptions, _ header: ImageHeader, into memory: UnsafeMutableRawBufferPointer
  ) throws(CodecFailure) {
    let (header, layout) = try read(bytes, options)
    bytes.withUnsafeBytes { bytes in
      layout.arrange(
        UnsafeRawBufferPointer(rebasing: bytes[header.dataOffset..<header.dataOffset + header.dataCount]),
        of: header.element, into: memory)
    }
  }

  private static func read(
    _ bytes: [UInt8], _ options: DecodingOptions
  ) throws(CodecFailure) -> (NumpyHeader, ArrayLayout) {
    let header = try NumpyHeader(bytes)
    guard header.shape.count < 4 else {
      throw CodecFailure(
        reason: "it holds \(header.shape[0]) images; name it itself as data.path instead of the folder that it is in")
    }
    let layout = try ArrayLayout(
      dimensions: header.shape, channels: options.channels, order: options.channelOrder)
    guard bytes.count - header.dataOffset == header.dataCount else {
      throw CodecFailure(
        reason: "it has \(bytes.count - header.dataOffset) bytes of numbers, and its shape \(header.shape) wants "
          + "\(header.dataCount)")
    }
    return (header, layout)
  }
}
