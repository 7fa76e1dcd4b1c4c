import Checkpoints
import Collectives
import Compute
import Foundation

/// Saves a run's checkpoints by all ranks together: each that sees the run directory writes a part of the files at the same
/// time as the others, and rank 0 makes a checkpoint of the parts.
///
/// Ranks write in the background, where they do not talk to one another. So each says with every step whether its part is
/// written, and once all are, `commit` is called at that step's end. All ranks call the same methods in the same order.
public final class CheckpointSaving {
  private let communicator: any Communicator
  /// The ranks that write; rank 0 is the first.
  public let writingRanks: [Int]
  /// On those.
  private let writer: CheckpointWriter?
  /// The parameters, and each moment.
  private let savedArenaCount: Int
  /// Whether parts are being written, or written and not yet committed; the same on all ranks.
  private var awaitsCommit = false

  /// Takes the memory that saving needs.
  ///
  /// - Parameters:
  ///   - lock: which rank 0 has on the run directory; nil on others.
  ///   - layout: how the arenas become a checkpoint.
  ///   - row: where it is recorded what the saving thread does while steps are profiled.
  public init(
    _ configuration: CheckpointConfiguration, in directory: RunDirectory, lock: RunLock?, layout: CheckpointLayout,
    communicator: any Communicator, row: Trace.Row? = nil
  ) throws {
    self.communicator = communicator
    let token = try communicator.broadcast(lock?.token ?? "", from: 0)
    let seesDirectory = communicator.rank == 0 || RunLock.isHeld(runDirectory: directory.path, token: token)
    let all = try communicator.allgather([seesDirectory ? 1.0 : 0.0])
    let seeing = all.indices.filter { all[$0] == [1] }
    let ranks = configuration.writingRanks(among: seeing)
    writingRanks = ranks
    savedArenaCount = layout.savedArenaCount
    writer = try communicator.together {
      guard let index = ranks.firstIndex(of: communicator.rank) else { return nil }
      return try CheckpointWriter(
        store: CheckpointStore(directory: directory.checkpoints), layout: layout,
        retention: CheckpointRetention(
          keepLast: configuration.keepLast, keepEverySteps: configuration.keepEverySteps),
        share: CheckpointShare(writer: index, of: ranks.count),
        name: "rank \(communicator.rank) on \(communicator.hostName)",
        ownsStore: { lock?.isInPlace ?? RunLock.isHeld(runDirectory: directory.path, token: token) }, row: row)
    }
  }

  /// Whether this rank has done its part of a save that is not yet committed.
  var isPartWritten: Bool { awaitsCommit && writer?.isPartWritten ?? true }

  /// Starts to save; returns when the arenas are copied.
  ///
  /// - Parameters:
  ///   - inParallel: runs pieces of the copying.
  ///   - arena: gives the parameters (0) and each moment; all ranks call it for all.
  public func save(
    _ state: CheckpointState, inParallel: Checkpoint.Parallel, arena: (_ index: Int) throws -> Vector
  ) throws {
    try commit()
    let mine = communicator.rank == 0 ? writer?.begin(step: state.step)?.token : nil
    let token = try communicator.broadcast(mine ?? "", from: 0)
    guard !token.isEmpty else { return }
    if let writer {
      try writer.submit(
        RunningSave(step: state.step, token: token), state: state, inParallel: inParallel, arena: arena)
    } else {
      for index in 0..<savedArenaCount { _ = try arena(index) }
    }
    awaitsCommit = writingRanks.count > 1
  }

  /// Waits for the parts of all ranks and has rank 0 start to make a checkpoint of them; nothing where no parts await it.
  public func commit() throws {
    guard awaitsCommit else { return }
    awaitsCommit = false
    let part = try writer.map { try JSONEncoder().encode($0.takePart()) }
    let all = try communicator.allgather(part.map(Array.init) ?? [])
    guard communicator.rank == 0 else { return }
    writer?.commit(try writingRanks.map { try JSONDecoder().decode(WrittenPart.self, from: Data(all[$0])) })
  }

  /// On rank 0 the saves that came to their end since the last call, without waiting.
  func finishedSaves() -> [SaveOutcome] { communicator.rank == 0 ? writer?.finishedSaves() ?? [] : [] }

  /// Waits for the save that is under way, after `commit`.
  ///
  /// - Parameter report: takes on rank 0 the saves that came to their end since the last call, before anything is thrown.
  /// - Throws: on rank 0, if the last save failed.
  public func finish(reporting report: ([SaveOutcome]) -> Void) throws(CheckpointError) {
    if communicator.rank == 0 { try writer?.finish(reporting: report) }
  }
}

extension CheckpointConfiguration {
  /// The ranks that write checkpoints: as many as may, the first always among them, and spread over the hosts.
  ///
  /// - Parameter ranks: those that see the run directory, in ascending order.
  func writingRanks(among ranks: [Int]) -> [Int] {
    let count = min(ranks.count, writers ?? ranks.count)
    return (0..<count).map { ranks[$0 * ranks.count / count] }
  }
}
