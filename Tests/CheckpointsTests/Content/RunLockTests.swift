import Checkpoints
import Foundation
import TemporaryFiles
import Testing

@Suite struct RunLockTests {
  @Test("a second holder is refused with the name of the first, until the first is gone")
  func exclusive() throws {
    let run = try TemporaryDirectory()
    var first: RunLock? = try RunLock(runDirectory: run.path)
    #expect(first?.runDirectory == run.path)
    let error = #expect(throws: CheckpointError.self) { try RunLock(runDirectory: run.path) }
    let sentence = try #require(error).description
    #expect(sentence.contains("process \(getpid()) on host \(ProcessInfo.processInfo.hostName)"), "\(sentence)")
    #expect(sentence.contains(run.path))
    first = nil
    _ = try RunLock(runDirectory: run.path)
  }

  @Test("the lock of a process that was killed is free, a file that it left behind is none")
  func stale() throws {
    let run = try TemporaryDirectory()
    try run.write(".lock", Array("process 1 on host elsewhere, long ago and with a long name\n".utf8))
    let lock = try RunLock(runDirectory: run.path)
    #expect(
      try readBytes("\(run.path)/.lock")
        == Array("process \(getpid()) on host \(ProcessInfo.processInfo.hostName)\n\(lock.token)\n".utf8))
  }

  @Test("whoever has the token knows the directory from another one, and from what an earlier holder left")
  func token() throws {
    let (run, other) = (try TemporaryDirectory(), try TemporaryDirectory())
    let elsewhere = try RunLock(runDirectory: other.path)
    var lock: RunLock? = try RunLock(runDirectory: run.path)
    let token = try #require(lock).token
    #expect(RunLock.isHeld(runDirectory: run.path, token: token))
    #expect(!RunLock.isHeld(runDirectory: other.path, token: token))
    #expect(!RunLock.isHeld(runDirectory: "\(run.path)/none", token: token))
    lock = nil
    lock = try RunLock(runDirectory: run.path)
    #expect(!RunLock.isHeld(runDirectory: run.path, token: token))
    extendLifetime((elsewhere, lock))
  }

  @Test("a lock is in place until its directory is moved, removed or replaced, and again when it is put back")
  func inPlace() throws {
    let folder = try TemporaryDirectory()
    let (run, moved) = ("\(folder.path)/run", "\(folder.path)/moved")
    let files = FileManager.default
    try files.createDirectory(atPath: run, withIntermediateDirectories: true)
    let lock = try RunLock(runDirectory: run)
    #expect(lock.isInPlace)
    try files.moveItem(atPath: run, toPath: moved)
    #expect(!lock.isInPlace)
    // A copy has the same token, and another lock.
    try files.copyItem(atPath: moved, toPath: run)
    #expect(!lock.isInPlace)
    try files.removeItem(atPath: run)
    try files.moveItem(atPath: moved, toPath: run)
    #expect(lock.isInPlace)
  }

  @Test("a directory that does not exist is named")
  func missing() throws {
    let run = try TemporaryDirectory()
    let error = #expect(throws: CheckpointError.self) { try RunLock(runDirectory: "\(run.path)/none") }
    #expect(error?.description.contains("\(run.path)/none/.lock") == true)
  }
}
