import Checkpoints
import MaskedAutoencoder

extension CheckpointLayout {
  /// How the arenas of this model become a checkpoint.
  public init(_ table: ParameterTable) {
    self.init(
      tensors: table.specs.map { CheckpointTensor(name: $0.name, shape: $0.shape, offset: $0.range.lowerBound) },
      arenaCount: table.arenaCount)
  }
}
