import Files
import Foundation
import Glibc
import Imaging
import Synchronization
import Testing

@testable import Datasets

/// What cannot be read is asked for again, whether it is a file of its own or a part of one.
@Suite struct PatienceTests {
  /// Reads an image of one pixel while the first reads fail.
  ///
  /// - Returns: how often a read was tried, and what came of it.
  private func read(_ code: Int32, failures: Int, from kind: String) throws -> (Int, Result<Image, DatasetError>) {
    let folder = try ScratchFolder()
    try folder.writePixel(7, to: "images/a.png")
    let png = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/images/a.png")))
    let member = TarMember.header(name: "a.png", size: png.count) + png + TarMember.padding(after: png.count)
    try folder.write(member + [UInt8](repeating: 0, count: 1024), to: "images.tar")
    let source = try openSource(at: "\(folder.path)/\(kind)")
    let tries = Mutex(0)
    let result = SystemCallFaults.withCode(
      { call, _ in
        guard call == .pread else { return nil }
        return tries.withLock { count in
          count += 1
          return count <= failures ? code : nil
        }
      },
      operation: { () -> Result<Image, DatasetError> in
        do throws(DatasetError) { return .success(try source.image(at: 0)) } catch { return .failure(error) }
      })
    return (tries.withLock { $0 }, result)
  }

  @Test(arguments: ["images", "images.tar"], [EIO, ESTALE, ETIMEDOUT])
  func whatMayPassIsTriedAgain(kind: String, code: Int32) throws {
    let (tries, result) = try read(code, failures: 2, from: kind)
    #expect(tries >= 3)
    #expect(try result.get().pixels == [7])
  }

  @Test(arguments: ["images", "images.tar"]) func afterThreeSecondsItIsGivenUp(kind: String) throws {
    let start = ContinuousClock.now
    let (tries, result) = try read(EIO, failures: .max, from: kind)
    #expect(tries == 7)
    guard case .failure(.unreadable(let path, let reason)) = result else {
      Issue.record("\(result)")
      return
    }
    #expect(path.contains("/images") && reason == "Input/output error")
    // 50 ms, doubled five times: 3.15 s.
    #expect(ContinuousClock.now - start >= .milliseconds(3150))
  }

  /// A file that may not be read is a bad image at once, and not a bad disk.
  @Test func whatIsNotPermittedIsABadImage() throws {
    let (tries, result) = try read(EACCES, failures: 1, from: "images")
    #expect(tries == 1)
    guard case .failure(.badImage) = result else {
      Issue.record("\(result)")
      return
    }
  }
}
