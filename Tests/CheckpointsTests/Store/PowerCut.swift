import Checkpoints
import Foundation
import TemporaryFiles
import Testing

/// What can be found of a run directory after a power cut.
enum PowerCut {
  /// Plays operations on a simulated disk and calls `check` with every possible contents after each.
  ///
  /// - Parameter prepared: how many of them belong to the set-up, which no power cut meets.
  static func at(
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
  private static func seed(of checkpoint: Checkpoint, among seeds: [Int]) throws -> Int? {
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

  static func check(
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
}
