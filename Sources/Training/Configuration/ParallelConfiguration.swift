import Collectives
import Configuration

extension GradientWire: ConfigurationValue {}

/// How a step's work is divided.
public struct ParallelConfiguration: ConfigurationSection, Equatable {
  /// Belongs to the recipe: the result depends on it, and on no machine.
  public var virtualWorkers: Int?
  public var threads: Int?
  public var blasKernel = BLASKernelChoice.named(.own)
  /// Belongs to the recipe. With `bf16` the result depends on the number of ranks, too.
  public var gradientWire = GradientWire.fp32
  public var shardOptimizer = false

  public init() {}

  public static let keys: [ConfigurationKey<Self>] = [
    .optional(
      "virtual_workers", \.virtualWorkers,
      "shards of the global batch, part of the recipe; null: the most that leave each 8 images or more",
      .within(1...batchRange.upperBound)),
    .optional(
      "threads", \.threads, "worker threads of a process; null: its share of the host's cores", .within(1...1_000)),
    .value(
      "blas_kernel", \.blasKernel,
      "whose kernels make fp32 products. mae: our own, of the same bits on every CPU; a name: OpenBLAS's of that name; "
        + "environment: OpenBLAS's, as OPENBLAS_CORETYPE says; auto: our own unless OpenBLAS's are measured to be clearly faster here, "
        + "so that two fresh starts may differ in bits; a resumed run keeps the checkpoint's"),
    .value(
      "gradient_wire", \.gradientWire,
      "what gradients cross between ranks as, part of the recipe; bf16: half the bytes, but results then depend on the "
        + "number of ranks (they repeat for the same number, and a resume on another one ends in other bits)"),
    .value(
      "shard_optimizer", \.shardOptimizer,
      "divide the optimiser's moments over the ranks (ZeRO-1): less memory, the same bits"),
  ]

  /// The virtual workers of a recipe that does not say: the largest power of two that divides the batch and leaves each
  /// eight images or more.
  func resolvedVirtualWorkers(batchSize: Int) -> Int {
    if let virtualWorkers { return virtualWorkers }
    var workers = 1
    while batchSize.isMultiple(of: workers * 2), batchSize / (workers * 2) >= 8 { workers *= 2 }
    return workers
  }
}
