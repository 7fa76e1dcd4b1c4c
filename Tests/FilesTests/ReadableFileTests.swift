import Files
import Foundation
import TemporaryFiles
import Testing

@Suite struct ReadableFileTests {
  @Test func readsFromAnyPlaceAndNothingBehindTheEnd() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write("file", [1, 2, 3, 4, 5])
    let file = try ReadableFile(path)
    var bytes = [UInt8](repeating: 0, count: 3)
    let middle = try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: 1) }
    #expect(middle == 3)
    #expect(bytes == [2, 3, 4])
    let rest = try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: 4) }
    #expect(rest == 1)
    #expect(bytes[0] == 5)
    let end = try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: 5) }
    #expect(end == 0)
  }

  /// Nanoseconds since 1970 in 64 bits end in 2262.
  @Test(arguments: [2300, 1600]) func aFileOfAnotherCentury(year: Int) throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write("file", [1, 2, 3])
    let date = try #require(DateComponents(calendar: Calendar(identifier: .gregorian), year: year).date)
    try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path)
    #expect(try FileStatus(path).size == 3)
  }
}
