import Checkpoints
import Compute
import Foundation
import MaskedAutoencoder
import Training

/// What `mae bench checkpoint` measures: saving and reading back a model's state.
public struct CheckpointBenchmark: Encodable {
  public let megabytes: Double
  /// What training waits for.
  public let copySeconds: Double
  /// In the background, until everything is on stable storage.
  public let saveSeconds: Double
  public let verifySeconds: Double
  /// Of its tensors into the arenas, after that.
  public let readSeconds: Double

  /// - Parameter directory: where to write; what is written is removed again.
  public init(_ configuration: RunConfiguration, directory: String, threads: Int) throws {
    let model = MaskedAutoencoder(configuration.model)
    let table = model.table
    let arenas = (0..<3).map { _ in Arena(count: table.arenaCount) }
    let path = "\(directory)/mae-bench-\(ProcessInfo.processInfo.processIdentifier)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let writer = CheckpointWriter(
      store: CheckpointStore(directory: "\(path)/checkpoints"), layout: CheckpointLayout(model),
      retention: CheckpointRetention(keepLast: 1))
    let pool = WorkerPool(count: threads)
    func inParallel(_ count: Int, _ piece: @Sendable (Int) -> Void) {
      pool.run { worker in for index in stride(from: worker, to: count, by: threads) { piece(index) } }
    }
    func save(_ step: Int) throws -> (Double, Double) {
      let report = writer.submit(
        parameters: arenas[0].buffer.all, moments: [arenas[1].buffer.all, arenas[2].buffer.all],
        state: CheckpointState(step: step), inParallel: inParallel)
      return (report.secondsCopying, try writer.finish().reduce(0) { $0 + $1.seconds })
    }
    _ = try save(1)
    (copySeconds, saveSeconds) = try save(2)
    let start = ContinuousClock.now
    let checkpoint = try Checkpoint.open(path)
    verifySeconds = (ContinuousClock.now - start) / .seconds(1)
    let readStart = ContinuousClock.now
    try checkpoint.read(
      writer.layout, parameters: arenas[0].buffer.all, moments: [arenas[1].buffer.all, arenas[2].buffer.all],
      inParallel: inParallel)
    readSeconds = (ContinuousClock.now - readStart) / .seconds(1)
    extendLifetime(arenas)
    megabytes = Double(3 * table.parameterCount * MemoryLayout<Float>.stride) / 1e6
  }

  private final class Arena {
    let buffer: AlignedBuffer<Float>
    init(count: Int) { buffer = AlignedBuffer(count: count, zero: 0) }
  }
}
