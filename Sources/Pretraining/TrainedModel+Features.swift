import Compute
import Datasets
import Evaluation
import MaskedAutoencoder

extension TrainedModel {
  /// Its encoder, to take features with in single precision.
  public var frozenEncoder: FrozenEncoder { frozenEncoder(in: .fp32) }

  public func frozenEncoder(in precision: Precision) -> FrozenEncoder {
    FrozenEncoder(
      model.encoder, input: configuration.imageInput, parameters: parameters.all, owner: self, precision: precision)
  }

  /// The same model before training: with the first weights that its seed gives.
  public var untrained: TrainedModel {
    let first = AlignedBuffer<Float>(repeating: 0, count: model.table.arenaCount)
    model.table.initialize(first.all, seed: configuration.train.seed)
    return TrainedModel(model, configuration: configuration, parameters: first, step: 0)
  }
}
