import Parameters

/// Which part of an encoder is trained; the rest stays as it was given (He et al. 2022, Figure 9).
public enum TrainedPart: Sendable, Equatable {
  case everything
  /// So many blocks at its end, one at least, and what comes after them.
  case lastBlocks(Int)
  /// The MLP of the last block, and what comes after it.
  case lastMLP
  /// Nothing of it.
  case nothing

  func trainsAttention(ofBlock block: Int, of depth: Int) -> Bool {
    switch self {
    case .everything: true
    case .lastBlocks(let count): block >= depth - count
    case .lastMLP, .nothing: false
    }
  }

  func trainsMLP(ofBlock block: Int, of depth: Int) -> Bool {
    self == .lastMLP ? block == depth - 1 : trainsAttention(ofBlock: block, of: depth)
  }
}

/// The part of a parameter table that is an encoder without its last norm: where its tensors lie, and the groups that they
/// are in.
public struct TrunkPlaces: Sendable {
  let clsToken: Range<Int>
  let patchEmbedding: LinearPlace
  /// Of `clsToken` and `patchEmbedding`.
  let embeddingGroup: Int
  let trainsEmbedding: Bool
  let blocks: [BlockPlace]

  /// Adds the trunk of an encoder to `tables`. Its layers for layer-wise decay are 0 for the embedding and 1… for the
  /// blocks.
  public init(_ encoder: EncoderConfiguration, trained: TrainedPart, in tables: inout SplitTables) {
    let (patches, transformer) = (encoder.patches, encoder.transformer)
    trainsEmbedding = trained == .everything
    var table = tables[isTrained: trainsEmbedding]
    clsToken = table.addToken("cls_token", width: transformer.width)
    patchEmbedding = table.addLinear(
      "patch_embed.proj", outputs: transformer.width, inputs: patches.patchValues,
      weightShape: [transformer.width, patches.channels, patches.patchSize, patches.patchSize])
    embeddingGroup = table.endGroup("patch_embed", layer: 0)
    tables[isTrained: trainsEmbedding] = table
    var blocks: [BlockPlace] = []
    for index in 0..<transformer.depth {
      blocks.append(
        tables.addBlock(
          "blocks.\(index)", transformer, layer: index + 1,
          trainsAttention: trained.trainsAttention(ofBlock: index, of: transformer.depth),
          trainsMLP: trained.trainsMLP(ofBlock: index, of: transformer.depth)))
    }
    self.blocks = blocks
  }
}

/// The encoder's part of a parameter table: where its tensors lie, and the groups that they are in.
public struct EncoderPlaces: Sendable {
  let trunk: TrunkPlaces
  let norm: NormPlace
  let normGroup: Int

  /// Adds an encoder to `table`. Its layers for layer-wise decay are those of its trunk, and
  /// ``EncoderConfiguration/layerAfterBlocks`` for the norm.
  public init(_ encoder: EncoderConfiguration, in table: inout ParameterTable) {
    var tables = SplitTables(trained: table)
    trunk = TrunkPlaces(encoder, trained: .everything, in: &tables)
    table = tables.trained
    norm = table.addNorm("norm", width: encoder.transformer.width)
    normGroup = table.endGroup("norm", layer: encoder.layerAfterBlocks)
  }
}

/// The part of a timeline that is a trunk's.
public struct TrunkStages: Sendable {
  /// From patches to the stream that enters the first block.
  public let embedding: Timeline.Stage
  public let blocks: [Timeline.Stage]

  /// Adds the stages of a trunk to `timeline`; those of what is not trained are frozen.
  public init(_ places: TrunkPlaces, in timeline: inout Timeline) {
    embedding = timeline.addStage(
      groups: places.trainsEmbedding ? [places.embeddingGroup] : [], isFrozen: !places.trainsEmbedding)
    blocks = places.blocks.map { timeline.addStage(groups: $0.groups, isFrozen: !$0.trainsMLP) }
  }
}

/// The encoder's part of a timeline.
public struct EncoderStages: Sendable {
  let trunk: TrunkStages
  /// From the stream after the last block to the latent.
  public let norm: Timeline.Stage

  /// From patches to the stream that enters the first block.
  public var embedding: Timeline.Stage { trunk.embedding }

  /// Adds the stages of an encoder to `timeline`.
  public init(_ places: EncoderPlaces, in timeline: inout Timeline) {
    trunk = TrunkStages(places.trunk, in: &timeline)
    norm = timeline.addStage(groups: [places.normGroup])
  }
}

extension EncoderConfiguration {
  /// The layer, for layer-wise decay, of all that comes after the blocks.
  public var layerAfterBlocks: Int { transformer.depth + 1 }
}
