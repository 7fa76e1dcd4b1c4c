import Parameters

/// The encoder's part of a parameter table: where its tensors lie, and the groups that they are in.
public struct EncoderPlaces: Sendable {
  let clsToken: Range<Int>
  let patchEmbedding: LinearPlace
  /// Of `clsToken` and `patchEmbedding`.
  let embeddingGroup: Int
  let blocks: [BlockPlace]
  let norm: NormPlace
  let normGroup: Int

  /// Adds an encoder to `table`. Its layers for layer-wise decay are 0 for the embedding, 1… for the blocks, and
  /// ``EncoderConfiguration/layerAfterBlocks`` for the norm.
  public init(_ encoder: EncoderConfiguration, in table: inout ParameterTable) {
    let (patches, transformer) = (encoder.patches, encoder.transformer)
    clsToken = table.addToken("cls_token", width: transformer.width)
    patchEmbedding = table.addLinear(
      "patch_embed.proj", outputs: transformer.width, inputs: patches.patchValues,
      weightShape: [transformer.width, patches.channels, patches.patchSize, patches.patchSize])
    embeddingGroup = table.endGroup("patch_embed", layer: 0)
    blocks = (0..<transformer.depth).map { table.addBlock("blocks.\($0)", transformer, layer: $0 + 1) }
    norm = table.addNorm("norm", width: transformer.width)
    normGroup = table.endGroup("norm", layer: encoder.layerAfterBlocks)
  }
}

/// The encoder's part of a timeline.
public struct EncoderStages: Sendable {
  /// From patches to the stream that enters the first block.
  public let embedding: Timeline.Stage
  public let blocks: [Timeline.Stage]
  /// From the stream after the last block to the latent.
  public let norm: Timeline.Stage

  /// Adds the stages of an encoder to `timeline`.
  public init(_ places: EncoderPlaces, in timeline: inout Timeline) {
    embedding = timeline.addStage(groups: [places.embeddingGroup])
    blocks = places.blocks.map { timeline.addStage(groups: $0.groups) }
    norm = timeline.addStage(groups: [places.normGroup])
  }
}

extension EncoderConfiguration {
  /// The layer, for layer-wise decay, of all that comes after the blocks.
  public var layerAfterBlocks: Int { transformer.depth + 1 }
}
