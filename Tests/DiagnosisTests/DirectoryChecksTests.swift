import Files
import Foundation
import Glibc
import TemporaryFiles
import Testing
import Training

@testable import Diagnosis

@Suite struct DirectoryChecksTests {
  @Test func aGoodFileSystemIsLeftAsItWas() throws {
    let directory = try TemporaryDirectory()
    let finding = DirectoryChecks.directory("\(directory.path)/runs/a", host: "here")
    #expect(finding.level != .failure, "\(finding)")
    #expect(finding.found.hasPrefix("\(directory.path)"), "the nearest folder that is there: \(finding.found)")
    #expect(try listDirectory(directory.path).isEmpty)
  }

  @Test(arguments: [
    (SystemCall.fsync, EIO, "on another file system"), (.rename, EXDEV, "on another file system"),
    (.flock, ENOLCK, "with locks"), (.mkdir, EROFS, "may write to"), (.write, ENOSPC, "may write to"),
  ]) func whatTheFileSystemRefuses(call: SystemCall, code: Int32, advice: String) throws {
    let directory = try TemporaryDirectory()
    let finding = SystemCallFaults.withCode(
      { asked, _ in asked == call ? code : nil },
      operation: { DirectoryChecks.directory(directory.path, host: "here") })
    #expect(finding.level == .failure)
    #expect(finding.found.contains(call.rawValue), "\(finding.found)")
    #expect(finding.advice?.contains(advice) == true, "\(finding)")
    #expect(try listDirectory(directory.path).isEmpty)
  }

  private func space(_ available: Int, count: Int = 4, existing: Int = 0) -> Finding {
    DirectoryChecks.space(
      CheckpointSpace(
        bytesPerCheckpoint: 1_000_000_000, count: count, existingCount: existing, availableBytes: available),
      path: "runs/a", keepLast: 3)
  }

  /// A new checkpoint is whole before an older one goes: one that is alone needs a second's room.
  @Test func roomForCheckpoints() {
    #expect(space(4_000_000_000).level == .ok)
    #expect(space(3_999_999_999).level == .warning)
    #expect(space(2_000_000_000).level == .warning)
    #expect(space(1_999_999_999).level == .failure)
    #expect(space(1_000_000_000, existing: 3).level == .ok)
    #expect(space(999_999_999, existing: 3).level == .failure)
    #expect(space(0, existing: 4).level == .ok)
    #expect(space(1_000_000_000, count: 1).level == .ok)
    #expect(
      space(3_500_000_000).found
        == "runs/a: 4 checkpoints of 1.00 GB will lie there at the same time, and 3.50 GB are free")
  }

  @Test func limitsOnTheSizeOfFiles() {
    func finding(limit: Int?, largest: Int) -> Finding? {
      DirectoryChecks.fileSize(CheckpointFileSize(largestBytes: largest, limitBytes: limit))
    }
    #expect(finding(limit: nil, largest: 1 << 40) == nil)
    #expect(finding(limit: 1 << 20, largest: 1 << 20) == nil)
    let small = finding(limit: 1 << 20, largest: 1 << 30)
    #expect(small?.level == .failure)
    #expect(small?.found == "files may have 1.05 MB (ulimit -f), and a checkpoint's largest file has 1.07 GB")
  }

  @Test func aHostThatDoesNotSeeTheDirectoryIsNamed() {
    #expect(DirectoryChecks.shared("/runs", seeing: [("node1", true), ("node2", true)]) == nil)
    #expect(
      DirectoryChecks.shared("/runs", seeing: [("node1", true), ("node2", false)])?.found
        == "node2 does not see /runs of the first rank's host")
  }
}
