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

/// The same where only a part of the image is wanted.
public func decodeImage(
  at path: [UInt8], options: DecodingOptions, _ request: CropRequest
) throws(ImagingError) -> CroppedImage {
  try decodeImage(readFile(path), name: pathText(path), options: options, request)
}

/// Decodes the image file whose content is `bytes`; `name` is what an error calls it.
public func decodeImage(
  _ bytes: [UInt8], name: String, options: DecodingOptions = DecodingOptions()
) throws(ImagingError) -> Image {
  try decoding(bytes, name: name, options) { (kind, header) throws(CodecFailure) in
    let image = try decode(bytes, options, header, kind.codec)
    return options.turnsUpright ? image.upright(Orientation.read(bytes, kind: kind)) : image
  }
}

/// The same where only a part of the image is wanted: what lies outside need not be decoded. The part has the pixels that it
/// has in the whole image, unless the request is a fast one.
public func decodeImage(
  _ bytes: [UInt8], name: String, options: DecodingOptions, _ request: CropRequest
) throws(ImagingError) -> CroppedImage {
  try decoding(bytes, name: name, options) { (kind, header) throws(CodecFailure) in
    let orientation = Orientation.read(bytes, kind: kind)
    if options.turnsUpright, orientation != 1 {
      return CroppedImage(try decode(bytes, options, header, kind.codec).upright(orientation), request)
    }
    let crop = request.choose(header.width, header.height)
    let reduction = request.reduction(of: crop)
    let isWhole = reduction == 1 && (crop.width, crop.height) == (header.width, header.height)
    var part =
      isWhole ? nil : try kind.codec.decode(bytes, crop, reduction: reduction, isFast: request.isFast)
    if part == nil {
      part = CroppedImage(try decode(bytes, options, header, kind.codec), crop: FractionalBox(crop))
    }
    part!.asksForTurn = orientation != 1
    return part!
  }
}

/// Finds out what `bytes` are, and lets `body` decode them if they are an image within the limits.
private func decoding<Result>(
  _ bytes: [UInt8], name: String, _ options: DecodingOptions,
  _ body: (_ kind: ImageKind, _ header: ImageHeader) throws(CodecFailure) -> Result
) throws(ImagingError) -> Result {
  let firstBytes = bytes.prefix(16)
  guard let kind = ImageKind(firstBytes: firstBytes) else {
    throw .unknownKind(name: name, firstBytes: Array(firstBytes.prefix(8)))
  }
  let tooLarge: ImagingError
  do throws(CodecFailure) {
    let header = try kind.codec.header(of: bytes, options)
    if isWithin(options.pixelLimit, header) { return try body(kind, header) }
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
