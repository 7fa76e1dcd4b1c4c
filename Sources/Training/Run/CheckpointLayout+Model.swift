import Checkpoints
import MaskedAutoencoder

private let encoderPositions = "pos_embed"
private let decoderPositions = "decoder_pos_embed"

extension CheckpointLayout {
  /// How the arenas of this model become a checkpoint. Position tables are part of it only where they are not the
  /// sine-cosine ones, which the configuration gives.
  public init(_ model: MaskedAutoencoder) {
    let (configuration, positions) = (model.configuration, model.positions)
    let tokens = 1 + configuration.patchCount
    let tables = [
      ConstantTensor(
        name: encoderPositions, shape: [1, tokens, configuration.encoder.width], values: positions.encoder),
      ConstantTensor(
        name: decoderPositions, shape: [1, tokens, configuration.decoder.width], values: positions.decoder),
    ]
    self.init(
      tensors: model.table.specs.map {
        CheckpointTensor(name: $0.name, shape: $0.shape, offset: $0.range.lowerBound)
      },
      arenaCount: model.table.arenaCount,
      constants: positions == PositionTables(sineCosineOf: configuration) ? [] : tables)
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
