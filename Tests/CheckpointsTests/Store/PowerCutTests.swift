import Checkpoints
import Foundation
import TemporaryFiles
import Testing

/// After every prefix of the operations of a save, with every loss that POSIX allows, what is found is the
/// checkpoint before or the new one.
@Suite struct PowerCutTests {
  @Test("a power cut during the first save leaves nothing or the checkpoint")
  func firstSave() throws {
    let run = try TemporaryDirectory()
    let recorder = RecordingFileSystem()
    let store = CheckpointStore(directory: "\(run.path)/checkpoints", fileSystem: recorder)
    try store.save(step: 1, files: Arenas(seed: 1).files(step: 1))
    let operations = recorder.operations
    let states = try PowerCut.at(operations, on: run.path, after: 0) { directory, done in
      try PowerCut.check(
        directory, mayFind: done == operations.count ? [1] : [nil, 1], "\(done) of \(operations.count)")
    }
    #expect(states > operations.count)
  }

  @Test("a power cut during a save leaves the checkpoint before or the new one, and after it the new one")
  func laterSave() throws {
    let run = try TemporaryDirectory()
    let recorder = RecordingFileSystem()
    let store = CheckpointStore(directory: "\(run.path)/checkpoints", fileSystem: recorder)
    try store.save(step: 1, files: Arenas(seed: 1).files(step: 1))
    let prepared = recorder.operations.count
    try store.save(step: 2, files: Arenas(seed: 2).files(step: 2))
    let saved = recorder.operations.count
    try store.prune(CheckpointRetention(keepLast: 1))
    let operations = recorder.operations
    #expect(operations.count > saved + 4)
    let states = try PowerCut.at(operations, on: run.path, after: prepared) { directory, done in
      try PowerCut.check(directory, mayFind: done >= saved ? [2] : [1, 2], "\(done) of \(operations.count)")
    }
    #expect(states > 100)
  }

  @Test("a power cut while an invalid checkpoint of the same step is replaced leaves the one before or the new one")
  func replacement() throws {
    let run = try TemporaryDirectory()
    let recorder = RecordingFileSystem()
    let store = CheckpointStore(directory: "\(run.path)/checkpoints", fileSystem: recorder)
    try store.save(step: 1, files: Arenas(seed: 1).files(step: 1))
    try store.save(step: 2, files: [CheckpointFile(name: "model.safetensors", bytes: [1, 2, 3])])
    let model = "\(store.path(of: 2))/model.safetensors"
    // A bad block, noted so that the simulated disk has it too.
    try recorder.remove(model)
    let prepared = recorder.operations.count
    try store.save(step: 2, files: Arenas(seed: 2).files(step: 2))
    let operations = recorder.operations
    _ = try PowerCut.at(operations, on: run.path, after: prepared) { directory, done in
      // Until the removal of the file is safe, the three bytes may be there again: a valid checkpoint, of something
      // else. That is the set-up's, not the save's.
      let store = CheckpointStore(directory: "\(directory.path)/checkpoints")
      let isSetUp = try store.newestValid().step == 2 && (try? Checkpoint.newest(of: store)) == nil
      if !isSetUp {
        try PowerCut.check(
          directory, mayFind: done == operations.count ? [2] : [1, 2], "\(done) of \(operations.count)")
      }
    }
  }

  @Test("what was discarded does not come back")
  func discard() throws {
    let run = try TemporaryDirectory()
    let recorder = RecordingFileSystem()
    let store = CheckpointStore(directory: "\(run.path)/checkpoints", fileSystem: recorder)
    for step in [1, 2] {
      try store.save(step: step, files: Arenas(seed: step).files(step: step))
    }
    let prepared = recorder.operations.count
    #expect(try store.discard(newerThan: 1) == [2])
    let operations = recorder.operations
    _ = try PowerCut.at(operations, on: run.path, after: prepared) { directory, done in
      try PowerCut.check(directory, mayFind: done == operations.count ? [1] : [1, 2], "\(done) of \(operations.count)")
    }
  }
}
