import Parameters
import VisionTransformer

/// The decoder's part of a parameter table: where its tensors lie, and the groups that they are in.
struct DecoderPlaces: Sendable {
  let embedding: LinearPlace
  let maskToken: Range<Int>
  /// Of `embedding` and `maskToken`.
  let embeddingGroup: Int
  let blocks: [BlockPlace]
  let norm: NormPlace
  let prediction: LinearPlace
  /// Of `norm` and `prediction`.
  let predictionGroup: Int

  /// Adds a decoder to `table`, which for layer-wise decay is one layer.
  init(_ model: ModelConfiguration, in table: inout ParameterTable) {
    let (decoder, layer) = (model.decoder, model.encoderConfiguration.layerAfterBlocks)
    embedding = table.addLinear("decoder_embed", outputs: decoder.width, inputs: model.encoder.width)
    maskToken = table.addToken("mask_token", width: decoder.width)
    embeddingGroup = table.endGroup("decoder_embed", layer: layer)
    blocks = (0..<decoder.depth).map { table.addBlock("decoder_blocks.\($0)", decoder, layer: layer) }
    norm = table.addNorm("decoder_norm", width: decoder.width)
    prediction = table.addLinear("decoder_pred", outputs: model.patchValues, inputs: decoder.width)
    predictionGroup = table.endGroup("decoder_pred", layer: layer)
  }
}

/// The decoder's part of a timeline.
struct DecoderStages: Sendable {
  /// From the latent to the stream that enters the first block.
  let embedding: Timeline.Stage
  let blocks: [Timeline.Stage]
  /// The decoder's norm, the predictions, and the loss.
  let prediction: Timeline.Stage

  /// Adds the stages of a decoder to `timeline`.
  init(_ places: DecoderPlaces, in timeline: inout Timeline) {
    embedding = timeline.addStage(groups: [places.embeddingGroup])
    blocks = places.blocks.map { timeline.addStage(groups: $0.groups) }
    prediction = timeline.addStage(groups: [places.predictionGroup])
  }
}

/// A masked autoencoder's table of parameters, put together from its two parts.
struct ModelPlaces: Sendable {
  let encoder: EncoderPlaces
  let decoder: DecoderPlaces
  let table: ParameterTable

  init(_ model: ModelConfiguration) {
    var table = ParameterTable()
    encoder = EncoderPlaces(model.encoderConfiguration, in: &table)
    decoder = DecoderPlaces(model, in: &table)
    self.table = table
  }
}

/// A masked autoencoder's step, put together from the stages of its two parts.
struct ModelStages: Sendable {
  let encoder: EncoderStages
  let decoder: DecoderStages
  let timeline: Timeline

  init(_ places: ModelPlaces) {
    var timeline = Timeline(hasBackward: true)
    encoder = EncoderStages(places.encoder, in: &timeline)
    decoder = DecoderStages(places.decoder, in: &timeline)
    self.timeline = timeline
  }
}
