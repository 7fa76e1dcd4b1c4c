import Checkpoints
import Compute
import Pretraining
import Training

extension TrainedModel {
  /// Writes the model as a run directory with one checkpoint, of step 0 and with an optimiser that has not begun: what
  /// every command takes for a checkpoint, and what `mae pretrain --run-dir` goes on from.
  ///
  /// - Parameter directory: must not exist; it appears whole or not at all.
  public func saveRun(to directory: String) throws(InteroperabilityError) {
    var state = CheckpointState(step: 0)
    state.virtualWorkers = configuration.virtualWorkers
    state.configuration = configuration.yaml()
    try saveRunDirectory(
      directory, CheckpointLayout(model), parameters: parameters.all, state: state,
      configuration: configuration.yaml(documented: true))
  }
}

/// Makes a run directory with one checkpoint whose optimiser has not begun.
func saveRunDirectory(
  _ directory: String, _ layout: CheckpointLayout, parameters: Vector, state: CheckpointState, configuration: String
) throws(InteroperabilityError) {
  let zeros = AlignedBuffer<Float>(repeating: 0, count: layout.arenaCount)
  defer { extendLifetime(zeros) }
  var state = state
  state.programVersion = programVersion
  let files = layout.files(
    parameters: parameters, moments: layout.moments.map { _ in zeros.all }, state: state)
  try makeFolder(at: directory) { (folder, fileSystem) throws(InteroperabilityError) in
    let run = RunDirectory(path: folder)
    try interoperating(InteroperabilityError.checkpoint) { () throws(CheckpointError) in
      _ = try CheckpointStore(directory: run.checkpoints).save(step: 0, files: files)
    }
    try writeFile(run.configuration, on: fileSystem, Array(configuration.utf8))
  }
}
