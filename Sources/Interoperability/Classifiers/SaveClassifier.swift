import Checkpoints
import Classification
import Compute
import Training

extension TrainedClassifier {
  /// Writes the classifier as a run directory with one checkpoint, of step 0 and with an optimiser that has not begun: what
  /// `mae finetune` takes with `--init-from`, and tries with `--eval`.
  ///
  /// - Parameter directory: must not exist; it appears whole or not at all.
  public func saveRun(to directory: String) throws(InteroperabilityError) {
    var state = CheckpointState(step: 0)
    state.task = ImageClassification.name
    state.virtualWorkers = configuration.virtualWorkers
    state.configuration = configuration.yaml()
    state.classNames = classNames
    let layout = CheckpointLayout(
      table: table, constants: classifier.constants, moments: TrainConfiguration.momentNames)
    try saveRunDirectory(
      directory, layout, parameters: parameters.all, state: state, configuration: configuration.yaml(documented: true))
  }
}
