import Checkpoints
import Compute
import Foundation
import TemporaryFiles
import Testing

@Suite struct CheckpointWriterTests {
  private let run: TemporaryDirectory
  private let recorder = RecordingFileSystem()
  private let writer: CheckpointWriter

  init() throws {
    run = try TemporaryDirectory()
    writer = try CheckpointWriter(
      store: CheckpointStore(directory: "\(run.path)/checkpoints", fileSystem: recorder), layout: Arenas.layout,
      retention: CheckpointRetention(keepLast: 2))
  }

  private func submit(_ arenas: Arenas, _ step: Int) throws {
    try writer.submit(#require(writer.begin(step: step)), state: CheckpointState(step: step)) { arenas.all[$0] }
  }

  @Test("a writer whose store has become another's changes nothing there, whenever it is told so", arguments: 0..<3)
  func lostStore(asked: Int) throws {
    let answers = Monitor(0)
    let arenas = Arenas(seed: 0)
    let owner = try CheckpointWriter(
      store: writer.store, layout: Arenas.layout, retention: CheckpointRetention(keepLast: 1),
      ownsStore: {
        answers.withLock { count in
          count += 1
          // The first save is asked for three times, the second for as often as it goes on.
          return count <= 3 + asked
        }
      })
    for step in [1, 2] {
      try owner.submit(#require(owner.begin(step: step)), state: CheckpointState(step: step)) { arenas.all[$0] }
      if step == 1 { _ = try owner.finish() }
    }
    let outcome = Result { () throws(CheckpointError) in try owner.finish() }
    // Before the parts are written, before they become a checkpoint, before an older one is removed.
    switch asked {
    case 0, 1:
      #expect(throws: CheckpointError.self) { try outcome.get() }
      #expect(try writer.store.steps() == [1])
    default:
      #expect(try outcome.get().map(\.prunedSteps) == [[]])
      #expect(try writer.store.steps() == [1, 2])
    }
  }

  @Test("what is saved is what was submitted, however the arenas change meanwhile; old checkpoints go")
  func copies() throws {
    let arenas = Arenas(seed: 0)
    var hashes: [Int: (String, String)] = [:]
    var outcomes: [SaveOutcome] = []
    for step in 1...20 {
      for vector in [arenas.parameters] + arenas.moments {
        for index in 0..<vector.count {
          vector[index] += 1
        }
      }
      hashes[step] = (Arenas.layout.parameterHash(arenas.parameters), Arenas.layout.optimizerHash(arenas.moments))
      try submit(arenas, step)
      outcomes += writer.finishedSaves()
    }
    outcomes += try writer.finish()
    #expect(outcomes.map(\.step) == Array(1...20))
    #expect(outcomes.allSatisfy { (try? $0.result.get()) != nil && $0.pruningError == nil && $0.seconds > 0 })
    #expect(outcomes.flatMap(\.prunedSteps) == Array(1...18))
    #expect(try writer.finish().isEmpty)
    for step in [19, 20] {
      let checkpoint = try Checkpoint.open(writer.store.path(of: step))
      #expect(try checkpoint.parameterHash() == hashes[step]?.0)
      #expect(try checkpoint.optimizerHash() == hashes[step]?.1)
    }
  }

  @Test("the copying can be spread over threads")
  func inParallel() throws {
    let count = 3 << 20
    let layout = CheckpointLayout(
      tensors: [CheckpointTensor(name: "w", shape: [count - 5], offset: 5)], moments: ["m"], arenaCount: count)
    let writer = try CheckpointWriter(
      store: writer.store, layout: layout, retention: CheckpointRetention(keepLast: 1), copiedAtATime: 1 << 20)
    let buffer = AlignedBuffer<Float>(repeating: 0, count: 2 * count)
    defer { extendLifetime(buffer) }
    for index in 0..<2 * count {
      buffer.all[index] = Float(index)
    }
    let pieces = Monitor(0)
    let (parameters, moment) = (buffer.all[0..<count], buffer.all[count..<2 * count])
    try writer.submit(#require(writer.begin(step: 1)), state: CheckpointState(step: 1)) { count, piece in
      pieces.withLock { $0 += count }
      DispatchQueue.concurrentPerform(iterations: count, execute: piece)
    } arena: {
      [parameters, moment][$0]
    }
    _ = try writer.finish()
    #expect(pieces.withLock { $0 } == 6)
    let checkpoint = try Checkpoint.open(run.path)
    #expect(try checkpoint.parameterHash() == layout.parameterHash(parameters))
    #expect(try checkpoint.optimizerHash() == layout.optimizerHash([moment]))
  }

  @Test("a save that fails is reported at the next call, the next one works, and at the end there is no error")
  func failure() throws {
    let arenas = Arenas(seed: 1)
    try submit(arenas, 1)
    _ = try writer.finish()
    recorder.fail(after: 3, with: ENOSPC, once: true)
    try submit(arenas, 2)
    try submit(arenas, 3)
    let outcomes = writer.finishedSaves()
    #expect(outcomes.first?.step == 2)
    guard case .failure(.notSaved(2, nil, let cause)) = outcomes.first?.result else {
      Issue.record("\(outcomes)")
      return
    }
    #expect(cause.isDiskFull)
    #expect(try (outcomes + writer.finish()).map(\.step) == [2, 3])
    #expect(try writer.store.steps() == [1, 3])
  }

  @Test("the checkpoint of a step that is there is left as it is")
  func again() throws {
    try submit(Arenas(seed: 1), 1)
    _ = try writer.finish()
    #expect(writer.begin(step: 1) == nil)
    #expect(try writer.finish().map { try $0.result.get() } == [.alreadyThere])
  }

  @Test("when the last save failed, finishing tells of the ones before all the same")
  func outcomesBeforeAFailure() throws {
    let arenas = Arenas(seed: 1)
    try submit(arenas, 1)
    try submit(arenas, 2)
    // This waits for the save before.
    let save = try #require(writer.begin(step: 3))
    recorder.fail(after: 0, with: EFBIG, once: false)
    writer.submit(save, state: CheckpointState(step: 3)) { arenas.all[$0] }
    var outcomes: [SaveOutcome] = []
    #expect(throws: CheckpointError.self) { try writer.finish { outcomes = $0 } }
    #expect(outcomes.map(\.step) == [1, 2, 3])
    guard case .failure(let error) = outcomes.last?.result else {
      Issue.record("\(outcomes)")
      return
    }
    #expect(error.description.contains("ulimit -f"))
  }

  @Test("when the last save failed, finishing says so, and the older checkpoint is valid")
  func lastFailure() throws {
    let arenas = Arenas(seed: 1)
    try submit(arenas, 1)
    _ = try writer.finish()
    recorder.fail(after: 0, with: ENOSPC, once: false)
    try submit(arenas, 2)
    let error = #expect(throws: CheckpointError.self) { try writer.finish() }
    guard case .notSaved(2, nil, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(try writer.store.newestValid().step == 1)
  }
}
