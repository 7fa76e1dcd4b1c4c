import Checkpoints
import Compute
import Evaluation
import Training

extension TrainedModel {
  /// Writes the model as a run directory with one checkpoint, of step 0 and with an optimiser that has not begun: what
  /// every command takes for a checkpoint, and what `mae pretrain --run-dir` goes on from.
  ///
  /// - Parameter directory: must not exist; it appears whole or not at all.
  public func saveRun(to directory: String) throws(InteroperabilityError) {
    let layout = CheckpointLayout(model)
    let zeros = AlignedBuffer<Float>(repeating: 0, count: layout.arenaCount)
    defer { extendLifetime(zeros) }
    var state = CheckpointState(step: 0)
    state.programVersion = programVersion
    state.virtualWorkers = configuration.virtualWorkers
    state.configuration = configuration.yaml()
    let files = layout.files(
      parameters: parameters.all, moments: layout.moments.map { _ in zeros.all }, state: state)
    let text = Array(configuration.yaml(documented: true).utf8)
    try makeFolder(at: directory) { (folder, fileSystem) throws(InteroperabilityError) in
      let run = RunDirectory(path: folder)
      try interoperating(InteroperabilityError.checkpoint) { () throws(CheckpointError) in
        _ = try CheckpointStore(directory: run.checkpoints).save(step: 0, files: files)
      }
      try writeFile(run.configuration, on: fileSystem, text)
    }
  }
}
