import Compute
import Files

#if canImport(Glibc)
  import Glibc
#endif

/// How one save of a ``CheckpointWriter`` went.
public struct SaveOutcome: Sendable {
  public let step: Int
  /// Of writing, of the slowest writer, and of committing and removing old checkpoints.
  public let seconds: Double
  /// What was saved, or why nothing was.
  public let result: Result<CheckpointStore.SaveResult, CheckpointError>
  /// The older checkpoints that were removed after it.
  public let prunedSteps: [Int]
  /// Why removing older checkpoints failed; the save itself stands.
  public let pruningError: CheckpointError?
}

/// Saves checkpoints, alone or together with the writers of other processes, on a thread of its own while training goes on.
///
/// A save takes three calls: ``begin(step:)`` on writer 0; ``submit(_:state:inParallel:arena:)`` on every writer, which
/// copies what this one is to write (training waits for that only) and starts to write it; and, where there are several,
/// ``commit(_:)`` on writer 0 with what ``takePart()`` gave on each. A writer that is alone commits by itself. How a save
/// went, failures included, is told by ``finishedSaves()`` and ``finish()``: training goes on without it.
///
/// Ordering: the saving thread lives as long as the writer and takes one piece of work after another from `state`. The copy
/// belongs to the caller of `submit` while the stage is `idle`, and to the saving thread while it is `writing`. One thread
/// calls.
public final class CheckpointWriter: @unchecked Sendable {
  public let store: CheckpointStore
  public let layout: CheckpointLayout
  public let retention: CheckpointRetention
  public let share: CheckpointShare

  private enum Stage {
    case idle
    case writing
    /// To be taken, and handed to the writer that commits.
    case written(WrittenPart)
    case committing
  }

  /// Whether the store is still the run's own: asked before each thing that changes it, on any thread.
  private let ownsStore: @Sendable () -> Bool

  private struct State {
    var stage = Stage.idle
    /// For the saving thread; it takes it out.
    var work: (@Sendable () -> Void)?
    var isClosed = false
    var outcomes: [SaveOutcome] = []
    var lastFailure: CheckpointError?
  }

  /// Who writes, for people.
  private let name: String
  private let pieces: [PieceRange]
  /// What the pieces are made of: of each saved arena a part, one after another.
  private let copy: AlignedBuffer<Float>
  private let spans: [ArenaSpan]
  /// Floats that are copied at a time.
  private let copiedAtATime: Int
  /// The last save that was submitted.
  private var current: (save: RunningSave, files: [CheckpointFile], best: Int?)?

  private let state = Monitor(State())

  /// Takes the memory of the copy, and starts the saving thread.
  ///
  /// - Parameters:
  ///   - share: what this writer writes; all of them together are one checkpoint's.
  ///   - name: who writes, for errors.
  ///   - ownsStore: whether the store's path still leads to the run's own directory. Where it does not, nothing there is
  ///     changed, and saves fail.
  ///   - row: where it is recorded what the saving thread does while steps are profiled.
  ///   - copiedAtATime: floats. From some tens of megabytes on the C library writes past the caches, which spares reading
  ///     what is written over.
  /// - Throws: the thread cannot be started.
  public init(
    store: CheckpointStore, layout: CheckpointLayout, retention: CheckpointRetention, share: CheckpointShare = .whole,
    name: String = "", ownsStore: @escaping @Sendable () -> Bool = { true }, row: Trace.Row? = nil,
    copiedAtATime: Int = 1 << 24
  ) throws(ThreadError) {
    let part = CheckpointPart(share, of: layout, pieceByteCount: store.pieceByteCount)
    let copy = AlignedBuffer<Float>(repeating: 0, count: part.floats.reduce(0) { $0 + $1.count })
    // The system gives pages when they are first written to. Now, so that the first save does not wait for them.
    clear(copy.all)
    var spans: [ArenaSpan] = []
    var start = 0
    for (arena, range) in part.floats.enumerated() {
      spans.append(ArenaSpan(arena: arena, range, floats: copy.all[start..<start + range.count]))
      start += range.count
    }
    self.store = store
    self.layout = layout
    self.retention = retention
    self.share = share
    self.name = name
    self.ownsStore = ownsStore
    self.copy = copy
    self.spans = spans
    self.copiedAtATime = copiedAtATime
    pieces = part.pieces
    _ = try SystemThread(for: "saving checkpoints") { [state] in
      while let work = Self.nextWork(state) {
        let start = row?.now
        work()
        row?.add("write a checkpoint", since: start)
      }
    }
  }

  deinit {
    state.withLock { $0.isClosed = true }
  }

  /// The next piece of work; nil when there will be no more.
  private static func nextWork(_ state: Monitor<State>) -> (@Sendable () -> Void)? {
    state.wait(
      until: { $0.work != nil || $0.isClosed },
      then: { state in
        defer { state.work = nil }
        return state.work
      })
  }

  /// The floats of the copy that a writer takes.
  public static func copyFloats(
    _ layout: CheckpointLayout, _ share: CheckpointShare,
    pieceByteCount: Int = CheckpointStore.defaultPieceByteCount
  ) -> Int {
    CheckpointPart(share, of: layout, pieceByteCount: pieceByteCount).floats.reduce(0) { $0 + $1.count }
  }

  /// Begins a save on writer 0, after the one before has come to its end.
  ///
  /// - Returns: what every writer submits its part of; nil where nothing is to be done: a valid checkpoint of the step
  ///   exists, or one that cannot be read and so is not replaced, which is told as a save that failed.
  public func begin(step: Int) -> RunningSave? {
    precondition(share.writer == 0, "writer \(share.writer) begins no save")
    waitUntilIdle()
    let start = ContinuousClock.now
    let result: Result<CheckpointStore.SaveResult, CheckpointError>
    do throws(CheckpointError) {
      if let save = try store.begin(step: step) { return save }
      result = .success(.alreadyThere)
    } catch {
      result = .failure(error)
    }
    note(SaveOutcome(step: step, seconds: seconds(since: start), result: result, prunedSteps: [], pruningError: nil))
    return nil
  }

  /// Copies what this writer is to write, and starts to write it.
  ///
  /// - Parameters:
  ///   - save: what writer 0 has begun.
  ///   - state: on writer 0 what is saved with the arenas.
  ///   - inParallel: runs pieces `0..<count` of the copying, at once if it can, and returns when all are done.
  ///   - arena: gives the parameters (0), then each of the layout's moments, `layout.arenaCount` floats each, to be copied
  ///     before the next.
  public func submit(
    _ save: RunningSave, state: CheckpointState,
    inParallel: Checkpoint.Parallel = { count, piece in (0..<count).forEach(piece) },
    arena: (_ index: Int) throws -> Vector
  ) rethrows {
    waitUntilIdle()
    for span in spans {
      let whole = try arena(span.arena)
      precondition(whole.count == layout.arenaCount, "an arena has another size than the layout's")
      copyFloats(of: whole[span.range], to: span.floats, inParallel)
    }
    let files = layout.arenaFiles(spans) + (share.writer == 0 ? layout.smallFiles(state) : [])
    let best = state.bestStep
    current = (save, files, best)
    self.state.withLock {
      $0.stage = .writing
      $0.work = { self.write(save, files, best: best) }
    }
  }

  /// Whether this writer's part of the save that was submitted last is written, or could not be, and not yet taken.
  public var isPartWritten: Bool {
    state.withLock { if case .written = $0.stage { true } else { false } }
  }

  /// Waits until this writer's part is written or could not be, and takes it to be handed to writer 0.
  public func takePart() -> WrittenPart {
    precondition(share.writers > 1, "a writer that is alone commits by itself")
    return state.wait(
      until: { if case .writing = $0.stage { false } else { true } },
      then: { state in
        guard case .written(let part) = state.stage else { preconditionFailure("no part has been submitted") }
        state.stage = .idle
        return part
      })
  }

  /// Starts to make a checkpoint of all writers' parts, on writer 0.
  public func commit(_ parts: [WrittenPart]) {
    precondition(parts.count == share.writers, "\(parts.count) of \(share.writers) writers have written")
    guard let (save, files, best) = current else { preconditionFailure("no save has been submitted") }
    state.withLock {
      $0.stage = .committing
      $0.work = { self.conclude(save, files, parts, best: best) }
    }
  }

  /// The saves that came to their end since the last report; does not wait.
  public func finishedSaves() -> [SaveOutcome] {
    state.withLock { state in
      defer { state.outcomes = [] }
      return state.outcomes
    }
  }

  /// Waits for the save that is under way. Where there are several writers, all parts have been taken before.
  ///
  /// - Parameter report: takes the saves that came to their end since the last report, before anything is thrown.
  /// - Throws: the error of the last save, if it failed: the state that was handed over last is not on disk.
  public func finish(reporting report: ([SaveOutcome]) -> Void) throws(CheckpointError) {
    waitUntilIdle()
    report(finishedSaves())
    if let lastFailure = state.withLock({ $0.lastFailure }) { throw lastFailure }
  }

  private func waitUntilIdle() {
    state.wait(
      until: { [share] in
        switch $0.stage {
        case .idle: true
        case .writing where share.writers == 1, .committing: false
        case .writing, .written: preconditionFailure("a part of the save before has not been taken")
        }
      }, then: { _ in })
  }

  private func copyFloats(of source: Vector, to target: Vector, _ inParallel: Checkpoint.Parallel) {
    let count = source.count
    inParallel((count + copiedAtATime - 1) / copiedAtATime) { [copiedAtATime] index in
      let range = index * copiedAtATime..<min((index + 1) * copiedAtATime, count)
      target[range].base.update(from: source[range].base, count: range.count)
    }
  }

  /// On the saving thread.
  private func write(_ save: RunningSave, _ files: [CheckpointFile], best: Int?) {
    let small = share.writer == 0 ? store.allPieces(of: files, in: layout.arenaFileCount..<files.count) : []
    let part =
      ownsStore()
      ? store.writePart(pieces + small, of: files, save, by: name)
      : WrittenPart(writer: name, seconds: 0, hashes: [], failure: notOwned)
    guard share.writers > 1 else { return conclude(save, files, [part], best: best) }
    state.withLock { $0.stage = .written(part) }
  }

  /// On the saving thread.
  ///
  /// - Parameter best: the step of the best checkpoint so far, which is kept.
  private func conclude(_ save: RunningSave, _ files: [CheckpointFile], _ parts: [WrittenPart], best: Int?) {
    let start = ContinuousClock.now
    var prunedSteps: [Int] = []
    var pruningError: CheckpointError?
    let result = Result { () throws(CheckpointError) in
      guard ownsStore() else { throw .notSaved(step: save.step, by: nil, notOwned) }
      return try store.conclude(save, files, parts)
    }
    if case .success = result, ownsStore() {
      do {
        prunedSteps = try store.prune(retention, protecting: best.map { [$0] } ?? [])
      } catch {
        pruningError = error
      }
    }
    let writing = parts.map(\.seconds).max() ?? 0
    note(
      SaveOutcome(
        step: save.step, seconds: writing + seconds(since: start), result: result, prunedSteps: prunedSteps,
        pruningError: pruningError))
  }

  /// What the system says of a file whose place has been taken.
  private var notOwned: FileError { FileError(call: .write, path: store.directory, code: ESTALE) }

  private func note(_ outcome: SaveOutcome) {
    state.withLock { state in
      state.outcomes.append(outcome)
      if case .failure(let error) = outcome.result {
        state.lastFailure = error
      } else {
        state.lastFailure = nil
      }
      state.stage = .idle
    }
  }
}

private func seconds(since start: ContinuousClock.Instant) -> Double {
  (ContinuousClock.now - start) / .seconds(1)
}
