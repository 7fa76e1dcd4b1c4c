import Files

/// Images with more pixels than this are refused before memory is taken for them, unless the caller sets
/// another limit: Pillow's, 178.96 megapixels.
public let defaultPixelLimit = 178_956_970

/// Reads and decodes the image at `path`, whose kind is told by its content.
///
/// Any rotation that EXIF data asks for is left undone unless it is asked for, as in the training pipelines of other
/// frameworks.
public func decodeImage(
  at path: String, options: DecodingOptions = DecodingOptions()
) throws(ImagingError) -> Image {
  try decodeImage(at: pathBytes(path), options: options)
}

/// The same of a path of any bytes, without a zero at its end.
public func decodeImage(at path: [UInt8], options: DecodingOptions) throws(ImagingError) -> Image {
  try decodeImage(readFile(path), name: pathText(path), options: options)
}

/// Decodes the image file whose content is `bytes`; `name` is what an error calls it.
public func decodeImage(
  _ bytes: [UInt8], name: String, options: DecodingOptions = DecodingOptions()
) throws(ImagingError) -> Image {
  let firstBytes = bytes.prefix(16)
  guard let kind = ImageKind(firstBytes: firstBytes) else {
    throw .unknownKind(name: name, firstBytes: Array(firstBytes.prefix(8)))
  }
  let tooLarge: ImagingError
  do throws(CodecFailure) {
    let header = try kind.codec.header(of: bytes, options)
    if isWithin(options.pixelLimit, header) {
      let image = try decode(bytes, options, header, kind.codec)
      return options.turnsUpright ? image.upright(Orientation.read(bytes, kind: kind)) : image
    }
    tooLarge = .tooLarge(name: name, width: header.width, height: header.height, pixelLimit: options.pixelLimit)
  } catch {
    throw .undecodable(name: name, kind: kind, reason: error.reason)
  }
  throw tooLarge
}

/// Many channels count as more pixels where they need more memory than four floats each.
private func isWithin(_ pixelLimit: Int, _ header: ImageHeader) -> Bool {
  let (pixels, overflow) = header.width.multipliedReportingOverflow(by: header.height)
  guard !overflow, pixels <= pixelLimit else { return false }
  let (bytes, bytesOverflow) = pixels.multipliedReportingOverflow(by: header.channels * header.sampleKind.byteCount)
  return !bytesOverflow && bytes / 16 <= pixelLimit
}

private func decode(
  _ bytes: [UInt8], _ options: DecodingOptions, _ header: ImageHeader, _ codec: any ImageCodec.Type
) throws(CodecFailure) -> Image {
  var failure: CodecFailure?
  let samples = Samples.filled(header.sampleKind, count: header.sampleCount) { memory in
    do throws(CodecFailure) {
      try codec.decode(bytes, options, header, into: memory)
    } catch {
      failure = error
    }
    return failure == nil
  }
  if let failure { throw failure }
  return Image(
    width: header.width, height: header.height, channels: header.channels, hasAlpha: header.hasAlpha,
    samples: samples!)
}
