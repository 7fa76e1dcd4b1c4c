import Files

/// Reads a log from its beginning, and later what has been added to it, in pieces of bounded size.
struct LogFollower: Sendable {
  let path: String
  /// The byte behind the last whole line that was read.
  private var offset = 0

  /// What a log, which may be longer than memory, is read by.
  private static let pieceByteCount = 1 << 20

  init(path: String) {
    self.path = path
  }

  /// Hands on the whole lines behind those that were handed on before, and none that its writer has not finished.
  ///
  /// - Parameter body: a line's place among the bytes, without its line feed.
  mutating func forEachNewLine(_ body: (_ bytes: Span<UInt8>, _ line: Range<Int>) -> Void) throws(FileError) {
    let file = try ReadableFile(path)
    var wanted = Self.pieceByteCount
    while true {
      let piece = try file.read(offset..<offset + wanted)
      let bytes = piece.span
      var start = 0
      for index in piece.indices where bytes[index] == UInt8(ascii: "\n") {
        body(bytes, start..<index)
        start = index + 1
      }
      offset += start
      if piece.count < wanted { return }
      // A line longer than a piece: nothing that this program writes, but a log is a file, and files are edited.
      if start == 0 { wanted *= 2 }
    }
  }
}
