import Foundation

/// The lines of a text file, one at a time, so that a long log needs no memory in proportion.
struct LineReader: ~Copyable {
  private let file: UnsafeMutablePointer<FILE>
  private var line: UnsafeMutablePointer<CChar>?
  private var capacity = 0
  /// After the last line: whether characters without a line feed follow it.
  private(set) var endsInTornLine = false

  init(path: String) throws(ReportingError) {
    guard let file = fopen(path, "re") else { throw .lastSystemError("read", path) }
    self.file = file
  }

  deinit {
    free(line)
    fclose(file)
  }

  /// The next line without its line feed; nil at the end. A last line that its writer did not finish, and so has no line
  /// feed, is no line.
  mutating func next() -> [UInt8]? {
    let count = getline(&line, &capacity, file)
    guard count > 0, let line else { return nil }
    guard line[count - 1] == CChar(UInt8(ascii: "\n")) else {
      endsInTornLine = true
      return nil
    }
    return Array(UnsafeRawBufferPointer(start: line, count: count - 1))
  }
}
