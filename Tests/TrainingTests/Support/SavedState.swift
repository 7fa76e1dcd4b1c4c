import Checkpoints
import Compute
import Files
import MaskedAutoencoder
import Parameters
import Pretraining
import Testing
import Training
import VisionTransformer

/// A checkpoint in memory, to be changed and saved again under a valid manifest.
final class SavedState {
  let table: ParameterTable
  private let layout: CheckpointLayout
  let parameters: AlignedBuffer<Float>
  let firstMoment: AlignedBuffer<Float>
  let secondMoment: AlignedBuffer<Float>
  var state: CheckpointState

  /// The newest checkpoint of a run directory.
  init(of run: String) throws {
    let checkpoint = try Checkpoint.open(run)
    let configuration = try PretrainingConfiguration.decode(yaml: checkpoint.state.configuration)
    let model = MaskedAutoencoder(configuration.model)
    table = model.table
    layout = CheckpointLayout(model)
    parameters = AlignedBuffer(repeating: 0, count: table.arenaCount)
    firstMoment = AlignedBuffer(repeating: 0, count: table.arenaCount)
    secondMoment = AlignedBuffer(repeating: 0, count: table.arenaCount)
    state = checkpoint.state
    try checkpoint.read(
      layout, parameters: parameters.all, moments: [firstMoment.all, secondMoment.all])
  }

  /// Where the floats of a tensor lie in each of the arenas.
  func range(of tensor: String) throws -> Range<Int> {
    try #require(table.specs.first { $0.name == tensor }).range
  }

  /// Saves it as the only checkpoint of a new run directory.
  func save(to run: String) throws {
    try PosixFileSystem().createDirectory(run)
    try CheckpointStore(directory: "\(run)/checkpoints").save(
      step: state.step,
      files: layout.files(
        parameters: parameters.all, moments: [firstMoment.all, secondMoment.all], state: state))
  }
}
