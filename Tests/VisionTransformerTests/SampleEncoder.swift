import Compute
import Parameters
import VisionTransformer

/// A small encoder: images of 8 × 12 pixels in three channels, six patches, two blocks.
let sampleConfiguration = EncoderConfiguration(
  patches: PatchGrid(imageSize: GridSize(height: 8, width: 12), patchSize: 4, channels: 3),
  transformer: TransformerConfiguration(width: 20, depth: 2, heads: 5, mlpRatio: 1.5), layerNormEpsilon: 1e-6)

/// The table of an encoder alone.
func encoderTable(_ configuration: EncoderConfiguration) -> ParameterTable {
  var table = ParameterTable()
  _ = EncoderPlaces(configuration, in: &table)
  return table
}
