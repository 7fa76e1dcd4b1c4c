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

  static func decode(
    _ bytes: [UInt8], _ crop: PixelRectangle, reduction: Int, isFast: Bool
  ) throws(CodecFailure) -> CroppedImage? {
    var header = cjpeg_header()
    try callCodec { message in cjpeg_read_header(bytes, bytes.count, &header, message) }
    guard header.has_areas else { return nil }
    // The pixels of the reduced image that hold some of the crop.
    let (left, top) = (crop.left / reduction, crop.top / reduction)
    let right = (crop.left + crop.width + reduction - 1) / reduction
    let bottom = (crop.top + crop.height + reduction - 1) / reduction
    let area = cjpeg_area(
      left: UInt32(left), top: UInt32(top), width: UInt32(right - left), height: UInt32(bottom - top))
    let channels = Int(header.channels)
    var failure: CodecFailure?
    let samples = Samples.filled(.uint8, count: (right - left) * (bottom - top) * channels) { memory in
      do throws(CodecFailure) {
        try callCodec { message in
          cjpeg_decode_area(
            bytes, bytes.count, UInt32(reduction), area, !isFast,
            memory.baseAddress!.assumingMemoryBound(to: UInt8.self), memory.count, message)
        }
      } catch {
        failure = error
      }
      return failure == nil
    }
    if let failure { throw failure }
    let image = Image(
      width: right - left, height: bottom - top, channels: channels, hasAlpha: false, samples: samples!)
    return CroppedImage(image, crop: FractionalBox(crop).reduced(by: reduction, left: left, top: top))
  }
}
