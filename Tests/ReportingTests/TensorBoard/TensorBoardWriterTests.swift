import Foundation
import Reporting
import Testing

struct TensorBoardWriterTests {
  /// RFC 3720, B.4, and the check value of the catalogue of parametrised CRC algorithms.
  @Test(
    arguments: [
      ([UInt8](repeating: 0, count: 32), 0x8A91_36AA), ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
      (Array(0...31), 0x46DD_794E), (Array((0...31).reversed()), 0x113F_DB5C), (Array("123456789".utf8), 0xE306_9283),
      ([], 0),
    ] as [([UInt8], UInt32)])
  func checksumsArePublishedOnes(bytes: [UInt8], checksum: UInt32) {
    #expect(CRC32C.checksum(bytes) == checksum)
  }

  @Test func bytesAreThoseOfTensorBoardsOwnWriter() throws {
    let folder = try TemporaryFolder()
    let writer = try TensorBoardWriter(
      directory: folder.path, resumingAfter: 3, hostName: "host", processIdentifier: 42, now: { 1_700_000_000.25 })
    try writer.addScalar("train/loss", 0.4375, step: 4)
    try writer.addScalar("train/loss", .nan, step: 5)
    try writer.addScalar("train/learning_rate", 1.5e-4, step: 5_000_000_000)
    try writer.addImage("reconstructions", png: fixture("tiny.png"), step: 5)
    for (index, step) in [127, 128, 16384].enumerated() { try writer.addScalar("edge", Double(index + 1), step: step) }
    #expect(writer.path == folder.path + "/events.out.tfevents.1700000000.host.42.0")
    let written = Array(try Data(contentsOf: URL(filePath: writer.path)))
    #expect(try written == fixture("golden.tfevents"))
  }

  @Test func aNewRunHasNoSessionStart() throws {
    let folder = try TemporaryFolder()
    let writer = try TensorBoardWriter(
      directory: folder.path, hostName: "host", processIdentifier: 42, now: { 1_700_000_000.25 })
    let written = Array(try Data(contentsOf: URL(filePath: writer.path)))
    // 8 + 4 bytes of frame, the version event of 24 bytes, 4 bytes of frame.
    #expect(try written == Array(fixture("golden.tfevents").prefix(40)))
  }

  @Test func whatIsNoPNGIsRefused() throws {
    let folder = try TemporaryFolder()
    let writer = try TensorBoardWriter(directory: folder.path)
    let size = try Data(contentsOf: URL(filePath: writer.path)).count
    for bytes in [[], Array("GIF89a".utf8), Array(try fixture("tiny.png").prefix(25))] as [[UInt8]] {
      #expect(throws: ReportingError.self) { try writer.addImage("a", png: bytes, step: 1) }
    }
    #expect(try Data(contentsOf: URL(filePath: writer.path)).count == size)
  }
}
