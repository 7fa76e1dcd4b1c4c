import Checkpoints
import Compute
import Datasets
import Files
import Reporting

extension RunOptions {
  /// Looks at everything that a run would read or write, and writes nothing. On rank 0.
  ///
  /// - Returns: where the run would begin, in a few words.
  /// - Throws: what a run would throw.
  func check<Task: TrainingTask>(
    _ task: Task.Type, _ configuration: Task.Configuration,
    _ found: (words: String, order: BatchOrder, identity: DataIdentity, classNames: [String])
  ) throws -> String {
    if resume == .none, runDirectory.holdsRun { throw TrainingError.runExists(path: runDirectory.path) }
    try runDirectory.requireWritable()
    let resumed = try checkpointToResume()
    let initial = resumed == nil ? try checkpointToBeginWith() : nil
    try resumed?.requireTask([Task.name])
    try initial?.requireTask(Task.namesOfBeginnings)
    let task = try Task(configuration, from: resumed ?? initial)
    if let resumed {
      try requireInitialWeights(of: resumed)
      try requireSameRecipe(
        as: resumed, configuration, identity: found.identity, stepsPerEpoch: found.order.stepsPerEpoch)
    }
    // The tensors' names and shapes are compared with the model's when they are read.
    let step = resumed?.step ?? 0
    try resumed?.requireTensors(of: CheckpointLayout(task))
    var remark = ""
    if let initial {
      let parameters = AlignedBuffer<Float>(repeating: 0, count: task.table.arenaCount)
      defer { extendLifetime(parameters) }
      remark = try task.begin(with: initial, parameters: parameters.all, classNames: found.classNames) { count, piece in
        (0..<count).forEach(piece)
      }
    }
    let space = try CheckpointSpace(
      task, in: runDirectory, after: step, lastStep: Run<Task>.lastStep(configuration, found.order),
      stepsPerEpoch: found.order.stepsPerEpoch,
      availableBytes: FileSystemSpace(of: nearestExisting(runDirectory.checkpoints)).availableBytes)
    guard space.allowsSaving else { throw TrainingError.noCheckpointSpace(path: runDirectory.path, space) }
    if step < Run<Task>.lastStep(configuration, found.order) {
      try CheckpointFileSize(CheckpointLayout(task)).requireSaving()
    }
    let begin =
      if let resumed {
        "would go on after step \(step) from \(escaped(resumed.path))"
      } else if let initial {
        "would begin with the weights of \(escaped(initial.path))\(remark)"
      } else {
        "would begin"
      }
    return "\(begin); \(space)\(metricsRemark)"
  }

  /// What a run would say of its first lines for Prometheus, and go on; nothing where they could be written.
  private var metricsRemark: String {
    guard let metricsFile else { return "" }
    do throws(FileError) {
      try requireWritableDirectory(parentDirectory(of: metricsFile))
      return ""
    } catch {
      return "; it would train without --metrics \(escaped(metricsFile)), which cannot be written: \(error)"
    }
  }
}
