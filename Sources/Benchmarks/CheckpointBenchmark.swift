import Checkpoints
import Collectives
import Compute
import Files
import Foundation
import MaskedAutoencoder
import Pretraining
import Training

/// What `mae bench checkpoint` measures: saving and reading back a model's state, by all ranks together.
public struct CheckpointBenchmark: Encodable {
  public let megabytes: Double
  public let ranks: Int
  /// The ranks that write at the same time.
  public let writers: Int
  /// What training waits for, on the slowest rank.
  public let copySeconds: Double
  /// In the background, until everything is on stable storage.
  public let saveSeconds: Double
  /// On one rank of each host.
  public let verifySeconds: Double
  /// Of its tensors into the arenas of every rank, after that.
  public let readSeconds: Double

  /// - Parameters:
  ///   - directory: where to write; what is written is removed again.
  ///   - threads: of each rank.
  public init(
    _ configuration: PretrainingConfiguration, directory: String, threads: Int, communicator: any Communicator
  ) throws {
    let model = MaskedAutoencoder(configuration.model)
    let layout = CheckpointLayout(model)
    let arenas = (0..<3).map { _ in Arena(count: model.table.arenaCount) }
    defer { extendLifetime(arenas) }
    let path = try communicator.broadcast(
      "\(directory)/mae-bench-\(ProcessInfo.processInfo.processIdentifier)", from: 0)
    let isFirst = communicator.rank == 0
    let lock = try communicator.together {
      if isFirst { try PosixFileSystem().createDirectories(path) }
      return isFirst ? try RunLock(runDirectory: path) : nil
    }
    defer { extendLifetime(lock) }
    defer { if isFirst { try? PosixFileSystem().removeTree(path) } }
    let saving = try CheckpointSaving(
      configuration.checkpoint, in: RunDirectory(path: path), lock: lock, layout: layout,
      communicator: communicator)
    let pool = try communicator.together { try WorkerPool(count: threads) }
    func inParallel(_ count: Int, _ piece: @Sendable (Int) -> Void) {
      pool.run { worker in for index in stride(from: worker, to: count, by: threads) { piece(index) } }
    }
    /// The longest that `body` took on a rank.
    func timed(_ body: () throws -> Void) throws -> Double {
      try communicator.barrier()
      let start = ContinuousClock.now
      try communicator.together(body)
      return (ContinuousClock.now - start) / .seconds(1)
    }
    func save(_ step: Int) throws -> (copy: Double, save: Double) {
      let copy = try timed {
        try saving.save(CheckpointState(step: step), inParallel: inParallel) { arenas[$0].buffer.all }
      }
      try saving.commit()
      var seconds = 0.0
      try communicator.together { try saving.finish { seconds = $0.reduce(0) { $0 + $1.seconds } } }
      return (copy, seconds)
    }
    _ = try save(1)
    (copySeconds, saveSeconds) = try save(2)
    var checkpoint: Checkpoint?
    let step = CheckpointStore(directory: RunDirectory(path: path).checkpoints).path(of: 2)
    let isFirstOfHost = communicator.ranksOnThisHost[0] == communicator.rank
    verifySeconds = try timed { checkpoint = try Checkpoint.open(step, isVerified: !isFirstOfHost) }
    readSeconds = try timed {
      try checkpoint?.read(
        layout, parameters: arenas[0].buffer.all, moments: [arenas[1].buffer.all, arenas[2].buffer.all],
        inParallel: inParallel)
    }
    ranks = communicator.size
    writers = saving.writingRanks.count
    megabytes = Double(3 * model.table.parameterCount * MemoryLayout<Float>.stride) / 1e6
  }

  private final class Arena {
    let buffer: AlignedBuffer<Float>
    init(count: Int) { buffer = AlignedBuffer(repeating: 0, count: count) }
  }
}
