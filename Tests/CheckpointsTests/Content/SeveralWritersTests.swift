import Checkpoints
import Foundation
import TemporaryFiles
import Testing

/// Several writers of one checkpoint, each on a thread and a file system of its own.
@Suite struct SeveralWritersTests {
  private static let pieceByteCount = 48

  /// The writers of a run, which note their changes in one journal.
  private final class Writers: Sendable {
    let journal = Journal()
    let fileSystems: [RecordingFileSystem]
    let writers: [CheckpointWriter]

    init(_ count: Int, _ run: TemporaryDirectory, _ turns: Turns? = nil) throws {
      let journal = journal
      let fileSystems = (0..<count).map { RecordingFileSystem(writer: $0, journal: journal, turns: turns) }
      self.fileSystems = fileSystems
      writers = try (0..<count).map { index in
        try CheckpointWriter(
          store: CheckpointStore(
            directory: "\(run.path)/checkpoints", fileSystem: fileSystems[index], pieceByteCount: pieceByteCount),
          layout: Arenas.layout, retention: CheckpointRetention(keepLast: 2),
          share: CheckpointShare(writer: index, of: count), name: "writer \(index)")
      }
    }

    var store: CheckpointStore { writers[0].store }

    /// All of a save but the committing.
    func write(_ seed: Int, turns: Turns? = nil) throws -> [WrittenPart] {
      let save = try #require(writers[0].begin(step: seed))
      let arenas = Arenas(seed: seed)
      for writer in writers { writer.submit(save, state: CheckpointState(step: seed)) { arenas.all[$0] } }
      for vector in arenas.all { for index in 0..<vector.count { vector[index] = .nan } }
      var writing = Set(writers.indices)
      while !writing.isEmpty {
        for index in writing where writers[index].isPartWritten {
          turns?.end(index)
          writing.remove(index)
        }
        Thread.sleep(forTimeInterval: 0.0005)
      }
      return writers.map { $0.takePart() }
    }

    func save(_ seed: Int, turns: Turns? = nil) throws {
      writers[0].commit(try write(seed, turns: turns))
      _ = try writers[0].finish()
    }
  }

  private func contents(of store: CheckpointStore, step: Int) throws -> [String: [UInt8]] {
    let folder = store.path(of: step)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
    return try Dictionary(uniqueKeysWithValues: names.map { ($0, try readBytes("\(folder)/\($0)")) })
  }

  @Test("any number of writers, more than there are pieces included, writes what one does, byte for byte")
  func sameBytes() throws {
    let alone = try TemporaryDirectory()
    let store = CheckpointStore(directory: "\(alone.path)/checkpoints", pieceByteCount: Self.pieceByteCount)
    try store.save(step: 7, files: Arenas(seed: 7).files(step: 7))
    let expected = try contents(of: store, step: 7)
    for count in [2, 3, 4, 7, 50] {
      let run = try TemporaryDirectory()
      let writers = try Writers(count, run)
      try writers.save(7)
      #expect(try contents(of: writers.store, step: 7) == expected, "\(count) writers")
      let writing = Set(
        writers.journal.operations.compactMap { if case .write(_, _, _, let writer) = $0 { writer } else { nil } })
      // Where there are more than pieces, the first one writes the small files only.
      let pieces = pieces(of: expected)
      #expect(writing.count == (count > pieces ? pieces + 1 : count), "\(count) writers")
    }
  }

  /// Of the files that hold arenas.
  private func pieces(of contents: [String: [UInt8]]) -> Int {
    ["model.safetensors", "optimizer.safetensors"].reduce(0) {
      $0 + (contents[$1]!.count + Self.pieceByteCount - 1) / Self.pieceByteCount
    }
  }

  @Test("each writer copies its part of the arenas, and all of them together no more than one alone")
  func copies() {
    let layout = CheckpointLayout(
      tensors: [
        CheckpointTensor(name: "w", shape: [1000], offset: 0), CheckpointTensor(name: "v", shape: [2000], offset: 1040),
      ], moments: ["exp_avg", "exp_avg_sq"], arenaCount: 3040)
    func floats(_ count: Int) -> [Int] {
      (0..<count).map {
        CheckpointWriter.copyFloats(layout, CheckpointShare(writer: $0, of: count), pieceByteCount: 400)
      }
    }
    #expect(floats(1) == [3 * 3040])
    // All floats of the tensors, and gaps where one writer has both sides of them.
    #expect(
      floats(4).allSatisfy { $0 < 2500 } && (3 * 3000...3 * 3040).contains(floats(4).reduce(0, +)), "\(floats(4))")
  }

  @Test("whichever change of whichever writer finds the disk full, it is named, and nothing but the older one stays")
  func diskFull() throws {
    let run = try TemporaryDirectory()
    let writers = try Writers(3, run)
    try writers.save(1)
    writers.journal.forget()
    try writers.save(2)
    for failing in 0..<3 {
      let mine = writers.journal.operations.filter { $0.writer == failing }.count
      #expect(mine > 3)
    }
    for failing in 0..<3 {
      for allowed in 0..<4 {
        writers.fileSystems[failing].fail(after: allowed, with: ENOSPC, once: true)
        writers.writers[0].commit(try writers.write(3))
        let error = #expect(throws: CheckpointError.self) { try writers.writers[0].finish() }
        guard case .notSaved(3, "writer \(failing)", let cause) = error else {
          Issue.record("writer \(failing) after \(allowed): \(String(describing: error))")
          continue
        }
        #expect(cause.isDiskFull && error!.description.contains("untouched: writer \(failing): "))
        _ = writers.writers[0].finishedSaves()
        #expect(
          try FileManager.default.contentsOfDirectory(atPath: writers.store.directory).sorted()
            == ["step-00000001", "step-00000002"])
        #expect(try writers.store.newestValid() == NewestCheckpoint(step: 2, passedOver: []))
      }
      writers.fileSystems[failing].fail(after: .max, with: ENOSPC, once: true)
    }
    try writers.save(3)
    #expect(try writers.store.newestValid() == NewestCheckpoint(step: 3, passedOver: []))
  }

  @Test(
    "a power cut at any moment of a save leaves the checkpoint before or the new one, in whatever order they write",
    arguments: [2, 3], Turns.Order.allCases)
  func powerCut(count: Int, order: Turns.Order) throws {
    let run = try TemporaryDirectory()
    let turns = Turns(order, writers: count)
    let first = try Writers(count, run)
    try first.save(1)
    let prepared = first.journal.operations
    let writers = try Writers(count, run, turns)
    let parts = try writers.write(2, turns: turns)
    let written = prepared + writers.journal.operations
    writers.writers[0].commit(parts)
    _ = try writers.writers[0].finish()
    let saved = prepared + writers.journal.operations
    let states = try PowerCut.at(written, on: run.path, after: prepared.count) { directory, done in
      try PowerCut.check(directory, mayFind: [1], "\(done) of \(saved.count)")
    }
    #expect(states > 20)
    _ = try PowerCut.at(saved, on: run.path, after: written.count) { directory, done in
      try PowerCut.check(directory, mayFind: done == saved.count ? [2] : [1, 2], "\(done) of \(saved.count)")
    }
  }
}

extension FileOperation {
  /// Whose change it is, where that is noted.
  fileprivate var writer: Int? {
    switch self {
    case .write(_, _, _, let writer), .synchronizeFile(_, let writer): writer
    default: nil
    }
  }
}
