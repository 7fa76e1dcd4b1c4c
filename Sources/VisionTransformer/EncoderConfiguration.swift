/// What an encoder looks like: the images that it takes, and its transformer.
public struct EncoderConfiguration: Sendable, Equatable {
  public var patches: PatchGrid
  public var transformer: TransformerConfiguration
  /// Added to the variance in every layer norm.
  public var layerNormEpsilon: Double

  public init(patches: PatchGrid, transformer: TransformerConfiguration, layerNormEpsilon: Double) {
    self.patches = patches
    self.transformer = transformer
    self.layerNormEpsilon = layerNormEpsilon
  }
}
