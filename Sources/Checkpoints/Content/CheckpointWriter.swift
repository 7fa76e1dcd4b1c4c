import Compute
import Foundation

/// How one save of a ``CheckpointWriter`` went.
public struct SaveOutcome: Sendable {
  public let step: Int
  /// From the start of writing until everything was on stable storage and old checkpoints were gone.
  public let seconds: Double
  /// What was saved, or why nothing was.
  public let result: Result<CheckpointStore.SaveResult, CheckpointError>
  /// The older checkpoints that were removed after it.
  public let prunedSteps: [Int]
  /// Why removing older checkpoints failed; the save itself stands.
  public let pruningError: CheckpointError?
}

/// What handing over a snapshot cost, and what became of those before.
public struct SubmissionReport: Sendable {
  /// The wait for the save before, which still used the copy.
  public let secondsWaited: Double
  public let secondsCopying: Double
  /// The saves that came to their end since the last report.
  public let outcomes: [SaveOutcome]
}

/// Saves checkpoints on a thread of its own while training goes on.
///
/// Training waits only while the arenas are copied. There is one copy, allocated once: when a save is still
/// under way, the next one waits for it. A save that fails does not end training; its outcome says so at the next
/// call.
///
/// Ordering: `condition` guards `isSaving`, `outcomes` and `lastFailure`. The copy belongs to the caller of
/// ``submit(parameters:moments:state:protecting:inParallel:)`` while `isSaving` is false, and to the saving thread
/// while it is true. One thread submits and finishes.
public final class CheckpointWriter: @unchecked Sendable {
  public let store: CheckpointStore
  public let layout: CheckpointLayout
  public let retention: CheckpointRetention
  /// Floats that are copied at a time.
  private let pieceCount: Int

  /// The parameters, then each moment.
  private let copy: AlignedBuffer<Float>
  private let condition = NSCondition()
  private var isSaving = false
  private var outcomes: [SaveOutcome] = []
  private var lastFailure: CheckpointError?

  /// Takes the memory of the copy: `layout.arenaCount` floats for the parameters and for each moment.
  ///
  /// - Parameter pieceCount: floats that are copied at a time. From some tens of megabytes on the C library writes past the
  ///   caches, which spares reading what is written over.
  public init(
    store: CheckpointStore, layout: CheckpointLayout, retention: CheckpointRetention, pieceCount: Int = 1 << 24
  ) {
    self.pieceCount = pieceCount
    self.store = store
    self.layout = layout
    self.retention = retention
    copy = AlignedBuffer(count: Self.copyFloats(layout), zero: 0)
    // The system gives pages when they are first written to. Now, so that the first save does not wait for them.
    clear(copy.all)
  }

  /// The floats of the copy.
  public static func copyFloats(_ layout: CheckpointLayout) -> Int { layout.arenaCount * (1 + layout.moments.count) }

  /// Copies the arenas and starts to save them, after the save before has come to its end.
  ///
  /// - Parameters:
  ///   - parameters: `layout.arenaCount` floats.
  ///   - moments: for each of the layout's moments as many.
  ///   - protected: steps that pruning leaves.
  ///   - inParallel: runs pieces `0..<count` of the copying, at once if it can, and returns when all are done.
  public func submit(
    parameters: Vector, moments: [Vector], state: CheckpointState, protecting protected: Set<Int> = [],
    inParallel: (_ count: Int, _ piece: @Sendable (Int) -> Void) -> Void = { count, piece in
      (0..<count).forEach(piece)
    }
  ) -> SubmissionReport {
    let sources = [parameters] + moments
    precondition(sources.count == 1 + layout.moments.count, "\(moments.count) moments, expected \(layout.moments)")
    return submit(state, protecting: protected, inParallel: inParallel) { sources[$0] }
  }

  /// As ``submit(parameters:moments:state:protecting:inParallel:)``, for arenas that are put together one after another.
  ///
  /// - Parameter arena: gives the parameters (0), then each of the layout's moments, to be copied before the next.
  public func submit(
    _ state: CheckpointState, protecting protected: Set<Int> = [],
    inParallel: (_ count: Int, _ piece: @Sendable (Int) -> Void) -> Void,
    arena: (_ index: Int) throws -> Vector
  ) rethrows -> SubmissionReport {
    let start = ContinuousClock.now
    let finished = waitForSave()
    let copyStart = ContinuousClock.now
    let targets = (0...layout.moments.count).map { index in
      copy.all[index * layout.arenaCount..<(index + 1) * layout.arenaCount]
    }
    for (index, target) in targets.enumerated() { copyArena(try arena(index), to: target, inParallel) }
    let report = SubmissionReport(
      secondsWaited: seconds(copyStart - start), secondsCopying: seconds(ContinuousClock.now - copyStart),
      outcomes: finished)

    let files = layout.files(parameters: targets[0], moments: Array(targets[1...]), state: state)
    condition.withLock { isSaving = true }
    Thread.detachNewThread {
      self.save(step: state.step, files, protected)
    }
    return report
  }

  /// The saves that came to their end since the last report; does not wait.
  public func finishedSaves() -> [SaveOutcome] {
    condition.withLock {
      defer { outcomes = [] }
      return outcomes
    }
  }

  /// Waits for the save that is under way.
  ///
  /// - Returns: the saves that came to their end since the last report.
  /// - Throws: the error of the last save, if it failed: the state that was handed over last is not on disk.
  public func finish() throws(CheckpointError) -> [SaveOutcome] {
    let finished = waitForSave()
    if let lastFailure = condition.withLock({ lastFailure }) {
      throw lastFailure
    }
    return finished
  }

  private func waitForSave() -> [SaveOutcome] {
    condition.withLock {
      while isSaving {
        condition.wait()
      }
      defer { outcomes = [] }
      return outcomes
    }
  }

  private func copyArena(
    _ source: Vector, to target: Vector, _ inParallel: (Int, @Sendable (Int) -> Void) -> Void
  ) {
    precondition(source.count == layout.arenaCount, "an arena has another size than the layout's")
    let arenaCount = layout.arenaCount
    inParallel((arenaCount + pieceCount - 1) / pieceCount) { [pieceCount] piece in
      let start = piece * pieceCount
      let range = start..<min(start + pieceCount, arenaCount)
      target[range].base.update(from: source[range].base, count: range.count)
    }
  }

  private func save(step: Int, _ files: [CheckpointFile], _ protected: Set<Int>) {
    let start = ContinuousClock.now
    var prunedSteps: [Int] = []
    var pruningError: CheckpointError?
    let result = Result { () throws(CheckpointError) in try store.save(step: step, files: files) }
    if case .success = result {
      do {
        prunedSteps = try store.prune(retention, protecting: protected)
      } catch {
        pruningError = error
      }
    }
    let outcome = SaveOutcome(
      step: step, seconds: seconds(ContinuousClock.now - start), result: result, prunedSteps: prunedSteps,
      pruningError: pruningError)
    condition.withLock {
      outcomes.append(outcome)
      if case .failure(let error) = result {
        lastFailure = error
      } else {
        lastFailure = nil
      }
      isSaving = false
      condition.broadcast()
    }
  }
}

private func seconds(_ duration: Duration) -> Double {
  duration / .seconds(1)
}
