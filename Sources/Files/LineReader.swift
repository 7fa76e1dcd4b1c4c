/// The lines of a text file, one at a time, so that a long log needs no memory in proportion.
public struct LineReader: ~Copyable {
  private let file: ReadableFile
  private var offset: Int
  /// What was read and not yet handed out.
  private var buffer: [UInt8] = []
  private var start = 0
  /// After the last line: whether characters without a line feed follow it.
  public private(set) var endsInTornLine = false

  private static let blockByteCount = 1 << 16

  /// - Parameter offset: the byte to begin at.
  public init(path: String, from offset: Int = 0) throws(FileError) {
    file = try ReadableFile(path)
    self.offset = offset
  }

  /// The next line without its line feed; nil at the end. A last line that its writer did not finish, and so has no line
  /// feed, is no line.
  public mutating func next() throws(FileError) -> [UInt8]? {
    var searched = start
    while true {
      if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        defer { start = end + 1 }
        return Array(buffer[start..<end])
      }
      buffer.removeFirst(start)
      start = 0
      searched = buffer.count
      guard try readBlock() else {
        endsInTornLine = !buffer.isEmpty
        return nil
      }
    }
  }

  /// Whether there was more to read.
  private mutating func readBlock() throws(FileError) -> Bool {
    var block = [UInt8](repeating: 0, count: Self.blockByteCount)
    var failure: FileError?
    var count = 0
    block.withUnsafeMutableBytes { bytes in
      do throws(FileError) { count = try file.read(into: bytes, at: offset) } catch { failure = error }
    }
    if let failure { throw failure }
    buffer += block[..<count]
    offset += count
    return count > 0
  }
}
