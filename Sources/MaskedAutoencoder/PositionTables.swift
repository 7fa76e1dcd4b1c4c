import VisionTransformer

/// What is added to the tokens of the encoder and of the decoder so that they know their places. Not trained.
///
/// Two tables are equal when all bits are.
public struct PositionTables: Sendable, Equatable {
  /// [1 + L, D], the cls token's row first.
  public var encoder: [Float]
  /// [1 + L, the decoder's D].
  public var decoder: [Float]

  public init(encoder: [Float], decoder: [Float]) {
    self.encoder = encoder
    self.decoder = decoder
  }

  /// The sine-cosine tables, which a model has that was given no others.
  public init(sineCosineOf model: ModelConfiguration) {
    encoder = sineCosinePositions(grid: model.grid, width: model.encoder.width)
    decoder = sineCosinePositions(grid: model.grid, width: model.decoder.width)
  }

  public static func == (a: Self, b: Self) -> Bool {
    a.encoder.elementsEqual(b.encoder) { $0.bitPattern == $1.bitPattern }
      && a.decoder.elementsEqual(b.decoder) { $0.bitPattern == $1.bitPattern }
  }
}
