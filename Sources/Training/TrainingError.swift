import Files
import Reporting

/// What ends a run on all ranks at the same point; each says in one sentence what happened and what to do.
public enum TrainingError: UsageError {
  case moreRanksThanVirtualWorkers(ranks: Int, virtualWorkers: Int)
  case tooLittleMemory(needed: RequiredMemory, ranks: Int, host: String, hostBytes: Double, hasBytes: Int)
  case noDataPath
  case nothingToEvaluate
  case unsuitableData(path: String, reason: String)
  case runDirectory(path: String, reason: String)
  case runExists(path: String)
  case otherInitialWeights(runDirectory: String, asked: String, found: String)
  case runDirectoryMoved(path: String)
  case noCheckpointSpace(path: String, CheckpointSpace)
  case fileSizeLimit(CheckpointFileSize)
  case recipeChanged(path: String, differences: [String])
  case nonFinite(NonFiniteStep, images: [String], origin: String?)
  case parametersDiffer(String)
  case ranksDiffer(rank: Int, differences: [String])
  case dataDiffers(rank: Int, found: String, first: String, hasEqualCount: Bool)
  case tooManyBadSamples(count: Int, epoch: Int, limit: Double, samples: Int)
  case unreadableFault(String)
  case unreadableStartSeconds(String)
  case debugNeedsOneProcess(ranks: Int)
  case laterCheckpoints(runDirectory: String, step: Int, newest: Int)
  case blasKernelUnrunnable(String, rank: Int, host: String, lacks: String, runnable: [String])
  case blasKernelMissing(String, rank: Int, host: String, found: String)

  public var description: String {
    switch self {
    case .moreRanksThanVirtualWorkers(let ranks, let virtualWorkers):
      "\(ranks) ranks, but parallel.virtual_workers is \(virtualWorkers): start at most \(ProgressFormat.count(virtualWorkers, "rank")), or "
        + "raise virtual_workers (which changes the recipe)."
    case .tooLittleMemory(let needed, let ranks, let host, let hostBytes, let hasBytes):
      "config error: \(ProgressFormat.count(ranks, "rank")) on \(host) would take \(gigabytes(hostBytes)) of memory, and "
        + "\(gigabytes(Double(hasBytes))) is all that there may be (most of a rank's \(gigabytes(needed.bytes)) is "
        + "\(needed.largest.name), \(gigabytes(needed.largest.bytes))); take fewer parallel.threads, more "
        + "parallel.virtual_workers (which changes the recipe), train.recompute block, or a smaller model."
    case .noDataPath:
      "config error: data.path is empty; name a folder of images, shards, an array or IDX files in the config, or with --set data.path=…"
    case .nothingToEvaluate:
      "config error: the configuration names no images to evaluate on; set validation.path."
    case .unsuitableData(let path, let reason):
      "the images of \(path) are nothing for this run: \(reason)"
    case .runDirectory(let path, let reason):
      "cannot use the run directory \(escaped(path)): \(reason)"
    case .runExists(let path):
      "the run directory \(escaped(path)) holds a run already; go on with --resume auto, or name another --run-dir."
    case .otherInitialWeights(let runDirectory, let asked, let found):
      "the run directory \(runDirectory) holds a run that began with "
        + (found.isEmpty ? "weights of its own" : "--init-from \(found)")
        + ", not with --init-from \(asked); name another --run-dir, or leave --init-from out to go on with that run."
    case .runDirectoryMoved(let path):
      "the path \(escaped(path)) no longer leads to this run's directory, which was moved, removed or replaced. Ended without writing to "
        + "what is there now; put the directory back, or name its new place with --run-dir, and run again to go on from its "
        + "last checkpoint."
    case .noCheckpointSpace(let path, let space):
      "the run directory \(escaped(path)) has no room for a checkpoint: \(space); make room, name another --run-dir, or "
        + "lower checkpoint.keep_last."
    case .fileSizeLimit(let size):
      "no checkpoint could be saved: \(size); raise that limit before the program is started: ulimit -f unlimited."
    case .recipeChanged(let path, let differences):
      "the checkpoint \(escaped(path)) was made with another recipe (\(differences.joined(separator: "; "))); put the old "
        + "values back, start a new run directory, or go on all the same with --allow-recipe-change."
    case .nonFinite(_, _, let origin):
      finding + "; the state before it is kept in a checkpoint. "
        + (origin == nil ? "Look closer with --debug, or lower" : "Look at that image, or lower")
        + " train.base_learning_rate."
    case .parametersDiffer(let reason):
      "\(reason): look for a faulty host."
    case .ranksDiffer(let rank, let differences):
      "rank \(rank) was given another configuration than rank 0 (\(differences.joined(separator: "; "))); start all "
        + "ranks with the same."
    case .dataDiffers(let rank, let found, let first, let hasEqualCount):
      "rank \(rank) finds \(found), but rank 0 \(first)"
        + (hasEqualCount ? ", and their names, sizes or contents differ" : "") + "; give all ranks the same data."
    case .tooManyBadSamples(let count, let epoch, let limit, let samples):
      "\(count) of the \(samples) images of epoch \(epoch) did not decode, more than data.max_bad_fraction (\(limit)) "
        + "allows; the log names them. Stopped with a checkpoint."
    case .unreadableFault(let text):
      "the environment variable \(FaultInjection.variable) is \"\(text)\", which asks for no fault; write KIND:step=N:rank=R or "
        + "KIND:step=N:rank=R:once, where KIND is \(FaultInjection.Kind.allCases.map(\.rawValue).joined(separator: " or ")), several "
        + "with commas between, or unset it."
    case .unreadableStartSeconds(let text):
      "the environment variable \(StartWatch.variable) is \"\(text)\", which is no number of seconds; write one, or unset it."
    case .debugNeedsOneProcess(let ranks):
      "--debug works in one process, but \(ranks) ranks were started; run it without mpirun."
    case .laterCheckpoints(let runDirectory, let step, let newest):
      "the run directory \(runDirectory) holds a checkpoint of step \(newest), which going on from step \(step) would "
        + "lose; name another --run-dir."
    case .blasKernelUnrunnable(let kernel, let rank, let host, let lacks, let runnable):
      "config error: parallel.blas_kernel is \(kernel), but rank \(rank)'s host \(host) lacks \(lacks); all ranks can run "
        + "\(runnable.joined(separator: ", "))."
    case .blasKernelMissing(let kernel, let rank, let host, let found):
      "the OpenBLAS of rank \(rank)'s host \(host) has no \(kernel) kernels and took \(found); install the same library on "
        + "all hosts, or name kernels that it has with parallel.blas_kernel."
    }
  }

  /// What was found, without what was done about it.
  var finding: String {
    guard case .nonFinite(let step, let images, let origin) = self else { return description }
    return
      "step \(step.step) is not finite (loss \(ProgressFormat.loss(step.loss)), gradient norm \(ProgressFormat.measure(step.gradientNorm)))"
      + (origin.map { ": \($0)" } ?? (images.isEmpty ? "" : ", first seen in \(list(images))"))
  }

  private func gigabytes(_ bytes: Double) -> String { "\(ProgressFormat.measure(bytes / 1e9)) GB" }

  private func list(_ images: [String]) -> String {
    images.prefix(16).joined(separator: ", ") + (images.count > 16 ? " …" : "")
  }

  /// Whether the command or the configuration is at fault, and not the world.
  public var isUsage: Bool {
    switch self {
    case .otherInitialWeights, .moreRanksThanVirtualWorkers, .tooLittleMemory, .noDataPath, .nothingToEvaluate,
      .unsuitableData, .runExists,
      .recipeChanged,
      .unreadableFault, .unreadableStartSeconds, .debugNeedsOneProcess, .laterCheckpoints, .ranksDiffer,
      .blasKernelUnrunnable:
      true
    case .runDirectory, .runDirectoryMoved, .noCheckpointSpace, .fileSizeLimit, .nonFinite, .parametersDiffer,
      .tooManyBadSamples, .dataDiffers,
      .blasKernelMissing:
      false
    }
  }
}
