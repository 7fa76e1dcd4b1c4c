import Files
import TemporaryFiles
import Testing

@Suite struct LineReaderTests {
  private func lines(_ bytes: [UInt8]) throws -> (lines: [[UInt8]], isTorn: Bool) {
    let directory = try TemporaryDirectory()
    var reader = try LineReader(path: directory.write("file", bytes))
    var lines: [[UInt8]] = []
    while let line = try reader.next() { lines.append(line) }
    return (lines, reader.endsInTornLine)
  }

  @Test(
    "lines of any length, also longer than what is read at a time", arguments: [0, 1, 65_535, 65_536, 65_537, 200_000])
  func anyLength(_ length: Int) throws {
    let long = [UInt8](repeating: 0x61, count: length)
    let read = try lines(long + [0x0A, 0x62, 0x0A, 0x0A] + long + [0x0A])
    #expect(read.lines == [long, [0x62], [], long])
    #expect(!read.isTorn)
  }

  @Test("a last line without a line feed is no line, and is told")
  func torn() throws {
    let read = try lines([0x61, 0x0A, 0x62])
    #expect(read.lines == [[0x61]])
    #expect(read.isTorn)
    #expect(try lines([]).isTorn == false)
  }
}
