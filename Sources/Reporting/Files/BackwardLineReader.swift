import Foundation

/// The lines of a text file from the last to the first, one at a time, so that the end of a long file is read alone.
package struct BackwardLineReader: ~Copyable {
  private let file: ReadableBytes
  /// The byte at which the line that was read last begins; before the first, the end of the last whole line.
  package private(set) var start: Int
  /// Bytes behind the last line feed: a line that its writer did not finish, which is no line.
  package let tornByteCount: Int
  /// What has been read of the file in front of `start`, its last byte the line feed there.
  private var block: [UInt8]

  private static let blockByteCount = 1 << 16

  package init(path: String) throws(ReportingError) {
    let file = try ReadableBytes(path: path)
    var end = try file.count()
    var (torn, block) = (0, [UInt8]())
    while end > 0 {
      let begin = max(0, end - Self.blockByteCount)
      block = try file.bytes(begin..<end)
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
  package mutating func next() throws(ReportingError) -> [UInt8]? {
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
  private mutating func readBlock(before end: Int) throws(ReportingError) -> Bool {
    let begin = max(0, end - Self.blockByteCount)
    guard begin < end else { return false }
    block.insert(contentsOf: try file.bytes(begin..<end), at: 0)
    return true
  }
}

/// A file that is open for reading at any place.
package struct ReadableBytes: ~Copyable {
  private let path: String
  private let descriptor: Int32

  init(path: String) throws(ReportingError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .lastSystemError("read", path) }
    (self.path, self.descriptor) = (path, descriptor)
  }

  deinit {
    close(descriptor)
  }

  func count() throws(ReportingError) -> Int {
    var information = stat()
    guard fstat(descriptor, &information) == 0 else { throw .lastSystemError("read", path) }
    return Int(information.st_size)
  }

  func bytes(_ range: Range<Int>) throws(ReportingError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: range.count)
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress! + done, $0.count - done, off_t(range.lowerBound + done))
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .lastSystemError("read", path) }
      guard count > 0 else { throw .system(action: "read", path: path, reason: "it has become shorter") }
      done += count
    }
    return bytes
  }
}
