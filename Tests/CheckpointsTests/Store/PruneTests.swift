import Checkpoints
import Files
import Foundation
import Synchronization
import TemporaryFiles
import Testing

/// Counts from 0.
private final class Counter: Sendable {
  private let count = Atomic(0)
  func next() -> Int { count.wrappingAdd(1, ordering: .relaxed).oldValue }
}

@Suite struct PruneTests {
  private let run: TemporaryDirectory
  private let store: CheckpointStore

  init() throws {
    run = try TemporaryDirectory()
    store = CheckpointStore(directory: "\(run.path)/checkpoints")
    for step in stride(from: 10, through: 80, by: 10) {
      try store.save(step: step, files: Arenas(seed: step).files(step: step))
    }
  }

  @Test("the last ones, the multiples and the protected ones stay")
  func retention() throws {
    let removed = try store.prune(CheckpointRetention(keepLast: 2, keepEverySteps: 30), protecting: [10])
    #expect(removed == [20, 40, 50])
    #expect(try store.steps() == [10, 30, 60, 70, 80])
    #expect(try store.prune(CheckpointRetention(keepLast: 2, keepEverySteps: 30), protecting: [10]).isEmpty)
    #expect(try FileManager.default.contentsOfDirectory(atPath: store.directory).count == 5)
  }

  @Test("broken checkpoints do not push out the last good one")
  func broken() throws {
    for step in [50, 60, 70, 80] {
      try run.write("checkpoints/step-000000\(step)/model.safetensors", [1])
    }
    #expect(try store.prune(CheckpointRetention(keepLast: 1)) == [10, 20, 30])
    #expect(try store.newestValid().step == 40)
    #expect(try store.prune(CheckpointRetention(keepLast: 2)).isEmpty)
  }

  @Test("a checkpoint that is open stays until it is closed")
  func inUse() throws {
    var open: Checkpoint? = try Checkpoint.open(store.path(of: 10))
    #expect(try store.prune(CheckpointRetention(keepLast: 7)).isEmpty)
    #expect(open?.step == 10)
    open = nil
    #expect(try store.prune(CheckpointRetention(keepLast: 7)) == [10])
  }

  @Test("going back to a step discards the later ones")
  func discard() throws {
    #expect(try store.discard(newerThan: 60) == [70, 80])
    #expect(try store.newestValid() == NewestCheckpoint(step: 60, passedOver: []))
  }

  /// Every call about the checkpoint's files in turn is the first that finds it gone.
  @Test("a checkpoint that is removed while it is looked at is neither found nor passed over")
  func removedWhileLookedAt() throws {
    let (path, elsewhere) = (store.path(of: 80), "\(store.directory)/.being-removed")
    var calls = 0
    while true {
      let count = Counter()
      let first = calls
      let newest = try SystemCallFaults.withCode { _, called in
        if called.hasPrefix(path), count.next() == first { rename(path, elsewhere) }
        return nil
      } operation: {
        try store.newestValid()
      }
      guard newest.step != 80 else { break }
      #expect(newest == NewestCheckpoint(step: 70, passedOver: []), "gone before call \(first)")
      try FileManager.default.moveItem(atPath: elsewhere, toPath: path)
      calls += 1
    }
    #expect(calls > 3)
  }

  @Test("saving, pruning on two other threads and reading at once: each checkpoint that is found is whole")
  func concurrently() async throws {
    let store = store
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for step in 81...180 {
          try store.save(step: step, files: Arenas(seed: step).files(step: step))
        }
      }
      for _ in 0..<2 {
        group.addTask {
          while try store.steps().last != 180 {
            try store.prune(CheckpointRetention(keepLast: 3, keepEverySteps: 50))
          }
        }
      }
      group.addTask {
        while try store.steps().last != 180 {
          // The newest may be old before it is open, but never broken, and what is open is whole.
          let newest = try store.newestValid()
          let defects = newest.passedOver.map(\.defect).filter { $0 != .notThere }
          #expect(newest.step != nil && defects.isEmpty, "\(defects)")
          if let checkpoint = try? Checkpoint.newest(of: store) {
            let expected = Arenas.layout.parameterHash(Arenas(seed: checkpoint.step).parameters)
            #expect(try checkpoint.parameterHash() == expected)
          }
        }
      }
      try await group.waitForAll()
    }
    try store.prune(CheckpointRetention(keepLast: 3, keepEverySteps: 50))
    #expect(try store.steps() == [50, 100, 150, 178, 179, 180])
    #expect(try FileManager.default.contentsOfDirectory(atPath: store.directory).count == 6)
  }
}
