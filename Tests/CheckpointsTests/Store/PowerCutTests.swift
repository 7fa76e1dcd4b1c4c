import Checkpoints
import Foundation
import Testing

/// After every prefix of the operations of a save, with every loss that POSIX allows, what is found is the
/// checkpoint before or the new one.
@Suite struct PowerCutTests {
  /// Plays operations on a simulated disk and calls `check` with every possible contents after each.
  private func cutPower(
    _ operations: [FileOperation], on run: String, after prepared: Int,
    _ check: (_ contents: TemporaryDirectory, _ operationsDone: Int) throws -> Void
  ) throws -> Int {
    let disk = SimulatedDisk(run)
    var seen: [SimulatedDisk.Contents: Int] = [:]
    for (index, operation) in operations.enumerated() {
      disk.apply(operation)
      if index + 1 >= prepared {
        for contents in disk.possibleContents() {
          // Of equal contents the last counts: by then the most was promised.
          seen[contents] = index + 1
        }
      }
    }
    for (contents, operationsDone) in seen {
      let directory = try TemporaryDirectory()
      for path in contents.keys.sorted() {
        if path.hasSuffix("/") {
          try FileManager.default.createDirectory(
            atPath: "\(directory.path)/\(path)", withIntermediateDirectories: true)
        }
      }
      for (path, bytes) in contents where !path.hasSuffix("/") {
        try directory.write(path, bytes)
      }
      try check(directory, operationsDone)
    }
    return seen.count
  }

  /// The seed of the arenas that a checkpoint holds, everything in it compared.
  private func seed(of checkpoint: Checkpoint, among seeds: [Int]) throws -> Int? {
    let read = Arenas(seed: -1)
    try checkpoint.read(Arenas.layout, parameters: read.parameters, moments: read.moments)
    return try seeds.first { seed in
      let expected = Arenas(seed: seed)
      let sameParameters = try checkpoint.parameterHash() == Arenas.layout.parameterHash(expected.parameters)
      let sameMoments = try checkpoint.optimizerHash() == Arenas.layout.optimizerHash(expected.moments)
      let sameArenas =
        Arenas.layout.parameterHash(read.parameters) == Arenas.layout.parameterHash(expected.parameters)
        && Arenas.layout.optimizerHash(read.moments) == Arenas.layout.optimizerHash(expected.moments)
      return sameParameters && sameMoments && sameArenas && checkpoint.step == seed
    }
  }

  private func check(
    _ directory: TemporaryDirectory, mayFind: [Int?], _ what: String
  ) throws {
    let store = CheckpointStore(directory: "\(directory.path)/checkpoints")
    var found: [Int?] = []
    for recovered in [false, true] {
      if recovered {
        try store.removeHalfWritten()
      }
      let newest = try store.newestValid()
      if let step = newest.step {
        let checkpoint = try #require(try Checkpoint.newest(of: store))
        #expect(try seed(of: checkpoint, among: [1, 2, 3]) == step, "\(what): a mixture")
      }
      found.append(newest.step)
    }
    #expect(found[0] == found[1], "\(what): cleaning up changed what is found")
    #expect(mayFind.contains(found[0]), "\(what): found \(found[0].map(String.init) ?? "nothing")")

    // The run goes on: the next save works whatever was left behind.
    try store.save(step: 3, files: Arenas(seed: 3).files(step: 3))
    #expect(try store.newestValid() == NewestCheckpoint(step: 3, passedOver: []), "\(what): saving again")
  }

  @Test("a power cut during the first save leaves nothing or the checkpoint")
  func firstSave() throws {
    let run = try TemporaryDirectory()
    let recorder = RecordingFileSystem()
    let store = CheckpointStore(directory: "\(run.path)/checkpoints", fileSystem: recorder)
    try store.save(step: 1, files: Arenas(seed: 1).files(step: 1))
    let operations = recorder.operations
    let states = try cutPower(operations, on: run.path, after: 0) { directory, done in
      try check(directory, mayFind: done == operations.count ? [1] : [nil, 1], "\(done) of \(operations.count)")
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
    let states = try cutPower(operations, on: run.path, after: prepared) { directory, done in
      try check(directory, mayFind: done >= saved ? [2] : [1, 2], "\(done) of \(operations.count)")
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
    _ = try cutPower(operations, on: run.path, after: prepared) { directory, done in
      // Until the removal of the file is safe, the three bytes may be there again: a valid checkpoint, of something
      // else. That is the set-up's, not the save's.
      let store = CheckpointStore(directory: "\(directory.path)/checkpoints")
      let isSetUp = try store.newestValid().step == 2 && (try? Checkpoint.newest(of: store)) == nil
      if !isSetUp {
        try check(directory, mayFind: done == operations.count ? [2] : [1, 2], "\(done) of \(operations.count)")
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
    _ = try cutPower(operations, on: run.path, after: prepared) { directory, done in
      try check(directory, mayFind: done == operations.count ? [1] : [1, 2], "\(done) of \(operations.count)")
    }
  }
}
