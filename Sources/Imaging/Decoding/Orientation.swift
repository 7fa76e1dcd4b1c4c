/// How an image must be turned to stand upright, as EXIF and TIFF count it: 1 (as it is) to 8.
enum Orientation {
  /// What the EXIF data of a file asks for; 1 where it has none.
  static func read(_ bytes: [UInt8], kind: ImageKind) -> Int {
    switch kind {
    case .jpeg: jpeg(bytes).map(exif) ?? 1
    case .png: chunk("eXIf", of: bytes, from: 8, lengthFirst: true, littleEndian: false).map(exif) ?? 1
    case .webp: chunk("EXIF", of: bytes, from: 12, lengthFirst: false, littleEndian: true).map(exif) ?? 1
    case .tiff: exif(bytes[...])
    case .numpy: 1
    }
  }

  /// The content of the first segment of EXIF data, which lies before the pixels.
  private static func jpeg(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
    var position = 2
    while position + 4 <= bytes.count, bytes[position] == 0xFF {
      let marker = bytes[position + 1]
      if marker == 0xFF {
        position += 1
        continue
      }
      let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
      // Pixels, or the end.
      if marker == 0xDA || marker == 0xD9 || length < 2 || position + 2 + length > bytes.count { return nil }
      let content = bytes[position + 4..<position + 2 + length]
      if marker == 0xE1, content.starts(with: Array("Exif\0\0".utf8)) { return content.dropFirst(6) }
      position += 2 + length
    }
    return nil
  }

  /// The content of the first chunk of that name in a file of chunks: PNG has the length before the name and a checksum
  /// behind the content, RIFF the length behind the name and contents of even length.
  private static func chunk(
    _ name: String, of bytes: [UInt8], from start: Int, lengthFirst: Bool, littleEndian: Bool
  ) -> ArraySlice<UInt8>? {
    var position = start
    while position + 8 <= bytes.count {
      let field = bytes[position + (lengthFirst ? 0 : 4)..<position + (lengthFirst ? 4 : 8)]
      let length = Int(number(field, littleEndian: littleEndian))
      let end = position + 8 + length
      guard end <= bytes.count else { return nil }
      let found = bytes[position + (lengthFirst ? 4 : 0)..<position + (lengthFirst ? 8 : 4)]
      if found.elementsEqual(name.utf8) { return bytes[position + 8..<end] }
      position = lengthFirst ? end + 4 : end + length % 2
    }
    return nil
  }

  /// The orientation in the first directory of a TIFF file, which is what EXIF data is.
  private static func exif(_ bytes: ArraySlice<UInt8>) -> Int {
    // Some programs write the JPEG's name of the segment in other kinds of files too.
    let bytes = bytes.starts(with: Array("Exif\0\0".utf8)) ? bytes.dropFirst(6) : bytes
    let littleEndian = bytes.starts(with: [0x49, 0x49, 42, 0])
    guard littleEndian || bytes.starts(with: [0x4D, 0x4D, 0, 42]) else { return 1 }
    func read(_ offset: Int, _ count: Int) -> Int? {
      guard offset >= 0, offset + count <= bytes.count else { return nil }
      let first = bytes.startIndex + offset
      return Int(number(bytes[first..<first + count], littleEndian: littleEndian))
    }
    guard let directory = read(4, 4), let entries = read(directory, 2) else { return 1 }
    for entry in 0..<entries {
      let place = directory + 2 + 12 * entry
      guard let tag = read(place, 2) else { return 1 }
      // A short whole number in the first bytes of the entry's value.
      if tag == 0x0112, let value = read(place + 8, 2), (1...8).contains(value) { return value }
    }
    return 1
  }

  private static func number(_ bytes: ArraySlice<UInt8>, littleEndian: Bool) -> UInt32 {
    littleEndian
      ? bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) } : bytes.reduce(0) { $0 << 8 | UInt32($1) }
  }
}

extension Image {
  /// The image turned and mirrored so that it stands upright.
  ///
  /// - Parameter orientation: 1 to 8, as EXIF counts it.
  func upright(_ orientation: Int) -> Image {
    guard orientation != 1 else { return self }
    return switch samples {
    case .uint8(let samples): upright(samples, orientation)
    case .uint16(let samples): upright(samples, orientation)
    case .float32(let samples): upright(samples, orientation)
    }
  }

  private func upright<Element: Sample>(_ samples: [Element], _ orientation: Int) -> Image {
    // From 5 on rows become columns.
    let isTransposed = orientation > 4
    let (newWidth, newHeight) = isTransposed ? (height, width) : (width, height)
    let turned = [Element](unsafeUninitializedCapacity: samples.count) { target, count in
      samples.withUnsafeBufferPointer { source in
        for row in 0..<newHeight {
          for column in 0..<newWidth {
            let (x, y) = isTransposed ? (row, column) : (column, row)
            // Where the first pixel of the new image comes from, by orientation.
            let mirrorsX = [2, 3, 7, 8].contains(orientation)
            let mirrorsY = [3, 4, 6, 7].contains(orientation)
            let from = (mirrorsY ? height - 1 - y : y) * width + (mirrorsX ? width - 1 - x : x)
            for channel in 0..<channels {
              target[(row * newWidth + column) * channels + channel] = source[from * channels + channel]
            }
          }
        }
      }
      count = samples.count
    }
    return Image(
      width: newWidth, height: newHeight, channels: channels, hasAlpha: hasAlpha, samples: Element.samples(turned))
  }
}
