import Checkpoints
import Compute
import Configuration
import MaskedAutoencoder
import Training

/// A model with the weights of a checkpoint, as evaluation uses it.
public final class TrainedModel {
  public let configuration: PretrainingConfiguration
  public let model: MaskedAutoencoder
  public let parameters: AlignedBuffer<Float>
  public let step: Int

  /// A model that was put together elsewhere.
  public init(
    _ model: MaskedAutoencoder, configuration: PretrainingConfiguration, parameters: consuming AlignedBuffer<Float>,
    step: Int
  ) {
    self.configuration = configuration
    self.model = model
    self.parameters = parameters
    self.step = step
  }

  /// - Parameters:
  ///   - path: a run directory (its newest valid checkpoint) or a checkpoint.
  ///   - overrides: `key=value` of the configuration that it was trained with.
  public convenience init(checkpoint path: String, overrides: [String] = []) throws {
    try self.init(Checkpoint.open(path), overrides: overrides)
  }

  public init(_ checkpoint: Checkpoint, overrides: [String] = []) throws {
    try checkpoint.requireTask([MaskedAutoencoding.name])
    configuration = try PretrainingConfiguration.decode(
      yaml: checkpoint.state.configuration, name: "\(checkpoint.path)/state.json", overrides: overrides)
    model = MaskedAutoencoder(
      configuration.model, positions: try checkpoint.positions(for: configuration.model))
    parameters = AlignedBuffer(repeating: 0, count: model.table.arenaCount)
    step = checkpoint.step
    try checkpoint.readParameters(CheckpointLayout(model), into: parameters.all)
  }
}
