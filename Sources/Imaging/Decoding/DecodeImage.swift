import CJPEG
import CPNG

/// Images with more pixels than this are refused before memory is taken for them, unless the caller sets
/// another limit: 100 megapixels, 400 MB at four channels.
public let defaultPixelLimit = 100_000_000

/// Reads and decodes the image at `path`: JPEG or PNG, told by content.
///
/// Any rotation that EXIF data asks for is left undone, as in the training pipelines of other frameworks.
public func decodeImage(at path: String, pixelLimit: Int = defaultPixelLimit) throws(ImagingError) -> Image {
  try decodeImage(readFile(path), name: path, pixelLimit: pixelLimit)
}

/// Decodes the JPEG or PNG file whose content is `bytes`; `name` is what an error calls it.
public func decodeImage(
  _ bytes: [UInt8], name: String, pixelLimit: Int = defaultPixelLimit
) throws(ImagingError) -> Image {
  let firstBytes = Array(bytes.prefix(8))
  guard let kind = ImageKind(firstBytes: firstBytes) else {
    throw .unknownKind(name: name, firstBytes: firstBytes)
  }
  let header: ImageHeader
  do throws(CodecFailure) {
    header = try readHeader(bytes, kind: kind)
  } catch {
    throw .undecodable(name: name, kind: kind, reason: error.reason)
  }
  guard header.width * header.height <= pixelLimit else {
    throw .tooLarge(name: name, width: header.width, height: header.height, pixelLimit: pixelLimit)
  }
  do throws(CodecFailure) {
    return try decode(bytes, kind: kind, header: header)
  } catch {
    throw .undecodable(name: name, kind: kind, reason: error.reason)
  }
}

private struct ImageHeader {
  let width: Int
  let height: Int
  let channels: Int
}

/// The codec's own words for what is wrong.
private struct CodecFailure: Error {
  let reason: String
}

private func readHeader(_ bytes: [UInt8], kind: ImageKind) throws(CodecFailure) -> ImageHeader {
  switch kind {
  case .jpeg:
    var header = cjpeg_header()
    try callCodec { message in cjpeg_read_header(bytes, bytes.count, &header, message) }
    return ImageHeader(width: Int(header.width), height: Int(header.height), channels: Int(header.channels))
  case .png:
    var header = cpng_header()
    try callCodec { message in cpng_read_header(bytes, bytes.count, &header, message) }
    return ImageHeader(width: Int(header.width), height: Int(header.height), channels: Int(header.channels))
  }
}

private func decode(_ bytes: [UInt8], kind: ImageKind, header: ImageHeader) throws(CodecFailure) -> Image {
  let byteCount = header.width * header.height * header.channels
  var failure: CodecFailure?
  let pixels = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, initializedCount in
    do throws(CodecFailure) {
      try callCodec { message in
        switch kind {
        case .jpeg: cjpeg_decode(bytes, bytes.count, buffer.baseAddress, byteCount, message)
        case .png: cpng_decode(bytes, bytes.count, buffer.baseAddress, byteCount, message)
        }
      }
      initializedCount = byteCount
    } catch {
      failure = error
      initializedCount = 0
    }
  }
  if let failure { throw failure }
  return Image(width: header.width, height: header.height, channels: header.channels, pixels: pixels)
}

/// Calls a function of the C shims, which return false and leave a message where they fail.
private func callCodec(_ call: (UnsafeMutablePointer<CChar>) -> Bool) throws(CodecFailure) {
  let reason: String? = withUnsafeTemporaryAllocation(
    of: CChar.self, capacity: max(CJPEG_MESSAGE_SIZE, CPNG_MESSAGE_SIZE)
  ) { message in
    message.initialize(repeating: 0)
    return call(message.baseAddress!) ? nil : String(cString: message.baseAddress!)
  }
  if let reason { throw CodecFailure(reason: reason) }
}
