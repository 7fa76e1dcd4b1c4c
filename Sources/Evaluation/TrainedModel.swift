import Checkpoints
import Compute
import Configuration
import MaskedAutoencoder
import Training

/// A model with the weights of a checkpoint, as evaluation uses it.
public final class TrainedModel {
  public let configuration: RunConfiguration
  public let model: MaskedAutoencoder
  public let parameters: AlignedBuffer<Float>
  public let step: Int

  /// - Parameter path: a run directory (its newest valid checkpoint) or a checkpoint.
  public init(checkpoint path: String) throws {
    let checkpoint = try Checkpoint.open(path)
    configuration = try RunConfiguration.decode(
      yaml: checkpoint.state.configuration, name: "\(checkpoint.path)/state.json")
    model = MaskedAutoencoder(configuration.model)
    parameters = AlignedBuffer(count: model.table.arenaCount, zero: 0)
    step = checkpoint.step
    try checkpoint.readParameters(CheckpointLayout(model.table), into: parameters.all)
  }
}
