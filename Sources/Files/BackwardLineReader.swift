/// The lines of a text file from the last to the first, one at a time, so that the end of a long file is read alone.
public struct BackwardLineReader: ~Copyable {
  private let file: ReadableFile
  /// The byte at which the line that was read last begins; before the first, the end of the last whole line.
  public private(set) var start: Int
  /// Bytes behind the last line feed: a line that its writer did not finish, which is no line.
  public let tornByteCount: Int
  /// What has been read of the file in front of `start`, its last byte the line feed there.
  private var block: [UInt8]

  private static let blockByteCount = 1 << 16

  public init(path: String) throws(FileError) {
    let file = try ReadableFile(path)
    var end = file.size
    var (torn, block) = (0, [UInt8]())
    while end > 0 {
      let begin = max(0, end - Self.blockByteCount)
      block = try file.read(begin..<end)
      let afterLastFeed = (block.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1
      torn += block.count - afterLastFeed
      end = begin + afterLastFeed
      block.removeSubrange(afterLastFeed...)
      if afterLastFeed > 0 { break }
    }
    self.file = file
    (start, tornByteCount, self.block) = (end, torn, block)
  }

  /// The line in front of the one that was read last, without its line feed; nil at the beginning of the file.
  public mutating func next() throws(FileError) -> [UInt8]? {
    guard start > 0 else { return nil }
    var searched = block.count - 1
    while true {
      if let feed = block[..<max(0, searched)].lastIndex(of: UInt8(ascii: "\n")) {
        return take(from: feed + 1)
      }
      let before = block.count
      guard try readBlock(before: start - before) else { return take(from: 0) }
      searched = block.count - max(1, before)
    }
  }

  private mutating func take(from index: Int) -> [UInt8] {
    let line = Array(block[index..<block.count - 1])
    start -= block.count - index
    block.removeSubrange(index...)
    return line
  }

  /// Puts the bytes in front of byte `end` of the file in front of `block`.
  ///
  /// - Returns: false where there are none.
  private mutating func readBlock(before end: Int) throws(FileError) -> Bool {
    let begin = max(0, end - Self.blockByteCount)
    guard begin < end else { return false }
    block.insert(contentsOf: try file.read(begin..<end), at: 0)
    return true
  }
}
