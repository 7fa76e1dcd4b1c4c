import Checkpoints
import MaskedAutoencoder
import Training

private let encoderPositions = "pos_embed"
private let decoderPositions = "decoder_pos_embed"

extension MaskedAutoencoder {
  /// The position tables, where they are not the sine-cosine ones, which the configuration gives.
  var constants: [ConstantTensor] {
    guard positions != PositionTables(sineCosineOf: configuration) else { return [] }
    let tokens = 1 + configuration.patchCount
    return [
      ConstantTensor(
        name: encoderPositions, shape: [1, tokens, configuration.encoder.width], values: positions.encoder),
      ConstantTensor(
        name: decoderPositions, shape: [1, tokens, configuration.decoder.width], values: positions.decoder),
    ]
  }
}

extension CheckpointLayout {
  /// How the arenas of a pre-training run become a checkpoint.
  public init(_ model: MaskedAutoencoder) {
    self.init(table: model.table, constants: model.constants, moments: TrainConfiguration.momentNames)
  }
}

extension Checkpoint {
  /// The position tables of the checkpoint's model, which has `model` for its configuration.
  ///
  /// - Throws: it has tables of another model.
  public func positions(for model: ModelConfiguration) throws(CheckpointError) -> PositionTables {
    var tables = PositionTables(sineCosineOf: model)
    let tokens = 1 + model.patchCount
    if let encoder = try readConstant(encoderPositions, shape: [1, tokens, model.encoder.width]) {
      tables.encoder = encoder
    }
    if let decoder = try readConstant(decoderPositions, shape: [1, tokens, model.decoder.width]) {
      tables.decoder = decoder
    }
    return tables
  }
}
