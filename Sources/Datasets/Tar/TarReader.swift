/// A file in a tar archive: where its content lies.
struct TarMember: Sendable, Equatable {
  let name: [UInt8]
  let offset: Int
  let size: Int
}

/// Reads the headers of an archive from front to back and passes over the contents.
struct TarReader {
  private let file: RandomAccessFile
  private var position = 0
  /// The part of the file around `position` that has been read.
  private var window: [UInt8] = []
  private var windowStart = 0

  /// Enough for a header and a label behind it; larger reads would fetch images that nobody wants yet.
  private static let windowSize = 4096
  /// Names and records longer than this are damage.
  private static let longestText = 1 << 20

  init(_ file: RandomAccessFile) {
    self.file = file
  }

  /// The next regular file; nil at the end.
  mutating func next() throws(DatasetError) -> TarMember? {
    var longName: [UInt8]?
    var records: PaxRecords?
    while let (header, contentStart) = try nextHeader() {
      let size = header.kind == .file ? records?.size ?? header.size : header.size
      switch header.kind {
      case .longName:
        longName = Array(try text(contentStart, header).prefix { $0 != 0 })
        position = contentStart + header.paddedSize
        continue
      case .records:
        guard let read = PaxRecords(try text(contentStart, header)) else {
          throw .corrupt(path: file.path, reason: "the records at byte \(contentStart) are no pax records")
        }
        records = read
        position = contentStart + header.paddedSize
        continue
      case .other(let hasContent):
        position = contentStart + (hasContent ? header.paddedSize : 0)
      case .file:
        let name = records?.path ?? longName ?? header.name
        guard size <= file.size - contentStart else {
          throw .corrupt(
            path: file.path,
            reason: "it ends after \(file.size) bytes, within its member \(String(decoding: name, as: UTF8.self))")
        }
        position = contentStart + (size + TarHeader.blockSize - 1) / TarHeader.blockSize * TarHeader.blockSize
        if records?.isSparse != true { return TarMember(name: name, offset: contentStart, size: size) }
      }
      (longName, records) = (nil, nil)
    }
    return nil
  }

  /// The first `count` bytes of a member, or all of it; mostly they have been read with its header.
  mutating func start(of member: TarMember, count: Int) throws(DatasetError) -> [UInt8] {
    Array(try bytes(member.offset..<member.offset + min(count, member.size)))
  }

  private mutating func nextHeader() throws(DatasetError) -> (TarHeader, contentStart: Int)? {
    let end = position + TarHeader.blockSize
    // An archive should end in two blocks of zeros; what ends without them is taken as tar takes it.
    guard end <= file.size else {
      guard position >= file.size else {
        throw .corrupt(path: file.path, reason: "it ends after \(file.size) bytes, within a header")
      }
      return nil
    }
    let block = try bytes(position..<end)
    if TarHeader.isEnd(block) { return nil }
    guard let header = TarHeader(block) else {
      throw .corrupt(path: file.path, reason: "what lies at byte \(position) is no header of a tar file")
    }
    return (header, end)
  }

  private mutating func text(_ start: Int, _ header: TarHeader) throws(DatasetError) -> [UInt8] {
    guard header.size <= Self.longestText, header.size <= file.size - start else {
      throw .corrupt(path: file.path, reason: "the name at byte \(start) is \(header.size) bytes long")
    }
    return Array(try bytes(start..<start + header.size))
  }

  private mutating func bytes(_ range: Range<Int>) throws(DatasetError) -> ArraySlice<UInt8> {
    if range.lowerBound < windowStart || range.upperBound > windowStart + window.count {
      let end = min(file.size, max(range.upperBound, range.lowerBound + Self.windowSize))
      window = try file.read(range.lowerBound..<end)
      windowStart = range.lowerBound
    }
    return window[range.lowerBound - windowStart..<range.upperBound - windowStart]
  }
}
