import Compute

/// Floats of the four arenas, or of a buffer that holds a part of one: `start` is the arena's offset of its first.
///
/// The same layouts therefore find a parameter in the arena and its gradient in a buffer of one layer.
public struct ArenaWindow: Sendable {
  public let floats: Vector
  public let start: Int

  public init(_ floats: Vector, start: Int = 0) {
    self.floats = floats
    self.start = start
  }

  @inline(__always)
  subscript(range: Range<Int>) -> Vector {
    floats[range.lowerBound - start..<range.upperBound - start]
  }
}

/// A model's parameters as its layers read them: biases, norms and tokens in single precision, and the matrices of the
/// products as what the products take, at the same offsets.
struct ModelWeights<Element: StoredElement>: Sendable {
  let floats: Vector
  let stored: VectorView<Element>

  subscript(range: Range<Int>) -> Vector { floats[range] }
  func bias(_ layout: LinearLayout) -> Vector { floats[layout.bias] }

  func matrix(_ layout: LinearLayout) -> MatrixView<Element> {
    stored[layout.weight].reshaped(rows: layout.outputs, columns: layout.inputs)
  }
}

/// Where a linear layer's tensors lie.
struct LinearLayout: Sendable {
  let outputs: Int
  let inputs: Int
  let weight: Range<Int>
  let bias: Range<Int>

  func weight(in window: ArenaWindow) -> Matrix { window[weight].reshaped(rows: outputs, columns: inputs) }
  func bias(in window: ArenaWindow) -> Vector { window[bias] }
}

/// Where a layer norm's tensors lie.
struct NormLayout: Sendable {
  let weight: Range<Int>
  let bias: Range<Int>
}

/// Where a transformer block's tensors lie, and the groups of the table that they are in: one for each matrix, as backward
/// is done with them one by one.
struct BlockLayout: Sendable {
  let norm1: NormLayout
  let qkv: LinearLayout
  /// Of `norm1` and `qkv`.
  let qkvGroup: Int
  let projection: LinearLayout
  let projectionGroup: Int
  let norm2: NormLayout
  let expansion: LinearLayout
  /// Of `norm2` and `expansion`.
  let expansionGroup: Int
  let contraction: LinearLayout
  let contractionGroup: Int
}

/// Where everything lies, and which group of the table each part is.
struct ModelLayout: Sendable {
  let clsToken: Range<Int>
  let patchEmbedding: LinearLayout
  let embeddingGroup: Int
  let encoderBlocks: [BlockLayout]
  let encoderNorm: NormLayout
  let encoderNormGroup: Int
  let decoderEmbedding: LinearLayout
  let maskToken: Range<Int>
  let decoderEmbeddingGroup: Int
  let decoderBlocks: [BlockLayout]
  let decoderNorm: NormLayout
  let prediction: LinearLayout
  let predictionGroup: Int
  let table: ParameterTable

  init(_ model: ModelConfiguration) {
    let (encoder, decoder) = (model.encoder, model.decoder)
    let patch = [encoder.width, model.channels, model.patchSize, model.patchSize]
    var table = ParameterTable()

    clsToken = table.addToken("cls_token", width: encoder.width)
    patchEmbedding = table.addLinear(
      "patch_embed.proj", outputs: encoder.width, inputs: model.patchValues, weightShape: patch)
    embeddingGroup = table.endGroup("patch_embed", layer: 0)

    var blocks: [BlockLayout] = []
    for index in 0..<encoder.depth {
      blocks.append(table.addBlock("blocks.\(index)", encoder, layer: index + 1))
    }
    encoderBlocks = blocks
    encoderNorm = table.addNorm("norm", width: encoder.width)
    encoderNormGroup = table.endGroup("norm", layer: encoder.depth + 1)

    decoderEmbedding = table.addLinear("decoder_embed", outputs: decoder.width, inputs: encoder.width)
    maskToken = table.addToken("mask_token", width: decoder.width)
    decoderEmbeddingGroup = table.endGroup("decoder_embed", layer: encoder.depth + 1)

    blocks = []
    for index in 0..<decoder.depth {
      blocks.append(table.addBlock("decoder_blocks.\(index)", decoder, layer: encoder.depth + 1))
    }
    decoderBlocks = blocks
    decoderNorm = table.addNorm("decoder_norm", width: decoder.width)
    prediction = table.addLinear("decoder_pred", outputs: model.patchValues, inputs: decoder.width)
    predictionGroup = table.endGroup("decoder_pred", layer: encoder.depth + 1)
    self.table = table
  }
}
