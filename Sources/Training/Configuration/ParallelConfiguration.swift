import Configuration

/// How a step's work is divided.
public struct ParallelConfiguration: ConfigurationSection, Equatable {
  /// Belongs to the recipe: the result depends on it, and on no machine.
  public var virtualWorkers: Int?
  public var threads: Int?
  public var blasKernel = BLASKernelChoice.auto

  public init() {}

  public static let keys: [ConfigurationKey<Self>] = [
    .optional(
      "virtual_workers", \.virtualWorkers,
      "shards of the global batch, part of the recipe; null: the most that leave each 8 images or more", .atLeast(1)),
    .optional("threads", \.threads, "worker threads of a process; null: its share of the host's cores", .atLeast(1)),
    .value(
      "blas_kernel", \.blasKernel,
      "OpenBLAS's kernels. auto: its own pick unless another is clearly faster, and a resumed run keeps the checkpoint's; "
        + "environment: what OPENBLAS_CORETYPE says; or a name"),
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
