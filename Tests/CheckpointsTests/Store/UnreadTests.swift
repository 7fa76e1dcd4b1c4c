import Checkpoints
import Compute
import Files
import Foundation
import Glibc
import TemporaryFiles
import Testing

/// What could not be read is not invalid.
@Suite struct UnreadTests {
  private let run: TemporaryDirectory
  private let store: CheckpointStore

  init() throws {
    run = try TemporaryDirectory()
    store = CheckpointStore(directory: "\(run.path)/checkpoints", pieceByteCount: 100)
    for step in 1...2 { try store.save(step: step, files: Arenas(seed: step).files(step: step)) }
  }

  /// Runs `body` while calls about files of the newest checkpoint fail, `count` times.
  private func failing<Value>(
    _ call: SystemCall, _ name: String, with code: Int32, count: Int = .max, _ body: () throws -> Value
  ) rethrows -> Value {
    let path = name.isEmpty ? store.directory : "\(store.path(of: 2))/\(name)"
    let failures = Monitor(0)
    return try SystemCallFaults.withCode(
      { found, about in
        guard found == call, about == path else { return nil }
        return failures.withLock { failures in
          guard failures < count else { return nil }
          failures += 1
          return code
        }
      }, operation: body)
  }

  @Test(
    "an error that passes is tried again, and the checkpoint taken", arguments: [EIO, ENOMEM, EACCES, EMFILE, ESTALE])
  func passing(_ code: Int32) throws {
    for (call, name) in [
      (SystemCall.pread, "model.safetensors"), (.open, "manifest.json"), (.pread, "state.json"),
      (.stat, "manifest.json"),
      (.readdir, ""),
    ] {
      let checkpoint = try failing(call, name, with: code, count: 1) { try Checkpoint.newest(of: store) }
      #expect(checkpoint?.step == 2, "\(call) of \(name)")
      #expect(checkpoint?.passedOver == [], "\(call) of \(name)")
    }
  }

  @Test("an error that stays ends the search: nothing is passed over, replaced or removed")
  func staying() throws {
    for (call, name) in [(SystemCall.pread, "optimizer.safetensors"), (.open, "state.json"), (.open, "")] {
      try failing(call, name, with: EIO) {
        let error = #expect(throws: CheckpointError.self) { try Checkpoint.newest(of: store) }
        guard case .unread(let cause) = error else {
          Issue.record("\(String(describing: error))")
          return
        }
        #expect(cause.code == EIO)
        #expect(error?.description.contains("Input/output error") == true)
      }
    }
    _ = failing(.pread, "model.safetensors", with: EIO) {
      #expect(throws: CheckpointError.self) { try store.save(step: 2, files: Arenas(seed: 7).files(step: 2)) }
    }
    #expect(try store.newestValid() == NewestCheckpoint(step: 2, passedOver: []))
    #expect(try Checkpoint.open(run.path).parameterHash() == Arenas.layout.parameterHash(Arenas(seed: 2).parameters))
  }

  @Test(
    "where the manifest is a folder or a pipe, the older checkpoint is taken and the other can be removed",
    .timeLimit(.minutes(1)))
  func otherThanFile() throws {
    let manifest = "\(store.path(of: 2))/manifest.json"
    for isPipe in [false, true] {
      try PosixFileSystem().removeTree(manifest)
      if isPipe { #expect(mkfifo(manifest, 0o600) == 0) } else { try PosixFileSystem().createDirectory(manifest) }
      let newest = try store.newestValid()
      #expect(newest.step == 1)
      #expect(newest.passedOver.map(\.step) == [2])
      #expect(try Checkpoint.open(run.path).step == 1)
    }
    #expect(try store.discard(newerThan: 1) == [2])
    #expect(try store.steps() == [1])
  }

  @Test("beside a run that keeps one checkpoint, looking always finds one")
  func besideARun() async throws {
    let store = store
    let last = 400
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for step in 3...last {
          try store.save(step: step, files: Arenas(seed: step).files(step: step))
          try store.prune(CheckpointRetention(keepLast: 1))
        }
      }
      for _ in 0..<2 {
        group.addTask { [run] in
          while try store.steps().last != last {
            let checkpoint = try Checkpoint.open(run.path)
            #expect(checkpoint.passedOver == [])
            #expect(
              try checkpoint.parameterHash() == Arenas.layout.parameterHash(Arenas(seed: checkpoint.step).parameters))
          }
        }
      }
      try await group.waitForAll()
    }
  }
}
