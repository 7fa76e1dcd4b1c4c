import Checkpoints
import Compute
import Datasets

/// The memory that a rank takes for training, by what it is for. Counted by the functions that allocate.
public struct TrainingMemory: Sendable {
  public struct Part: Sendable {
    public let name: String
    public let bytes: Int
  }

  public let parts: [Part]
  /// What the rank takes beside them for its part of a checkpoint, where all ranks see the run directory.
  public let checkpointCopyBytes: Int

  /// Without the program, its libraries and what those take.
  public var bytes: Int { parts.reduce(0) { $0 + $1.bytes } }

  public init(_ task: some TrainingTask, placement: VirtualWorkerPlacement) {
    let (configuration, table) = (task.configuration, task.table)
    let layout = CheckpointLayout(task)
    let train = configuration.train
    let arena = table.arenaCount * MemoryLayout<Float>.stride
    let sharded = configuration.parallel.shardOptimizer
    let float = MemoryLayout<Float>.stride
    var parts = [
      Part(name: "parameters", bytes: arena),
      Part(name: "moments", bytes: layout.moments.count * arena / (sharded ? placement.sharingRanks : 1)),
      Part(name: "gradient", bytes: float * LayerReduction.slotFloats(table, placement.reductionSchedule)),
      Part(name: "layer gradients", bytes: float * LayerReduction.layerFloats(table, threads: placement.threads)),
      Part(name: "activations", bytes: task.memoryBytes(MemoryNeed(placement))),
      Part(
        name: "images",
        bytes: BatchLoader.defaultSlots * placement.images.count * configuration.imageShape.count),
    ]
    let evaluation = task.evaluationBytes(placement)
    if evaluation > 0 { parts.append(Part(name: "evaluation", bytes: evaluation)) }
    if train.precision == .bf16 {
      parts.insert(
        Part(name: "rounded parameters", bytes: table.arenaCount * MemoryLayout<BFloat16>.stride), at: 1)
    }
    self.parts = parts
    let writers = configuration.checkpoint.writingRanks(among: Array(0..<placement.ranks))
    let share = writers.firstIndex(of: placement.rank).map { CheckpointShare(writer: $0, of: writers.count) }
    checkpointCopyBytes = share.map { float * CheckpointWriter.copyFloats(layout, $0) } ?? 0
  }
}
