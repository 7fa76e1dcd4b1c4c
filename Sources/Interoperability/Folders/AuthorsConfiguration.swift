import MaskedAutoencoder

/// What `config.json` of a folder with the authors' names says: the arguments of their `MaskedAutoencoderViT`, and what
/// these leave open.
struct AuthorsConfiguration: Codable {
  var imgSize: Sides?
  var patchSize: Int?
  var inChans: Int?
  var embedDim: Int?
  var depth: Int?
  var numHeads: Int?
  var decoderEmbedDim: Int?
  var decoderDepth: Int?
  var decoderNumHeads: Int?
  var mlpRatio: Double?
  var decoderMlpRatio: Double?
  var normPixLoss: Bool?
  var maskRatio: Double?
  var layerNormEps: Double?

  init(_ model: ModelConfiguration) {
    imgSize = Sides(height: model.imageSize.height, width: model.imageSize.width)
    patchSize = model.patchSize
    inChans = model.channels
    embedDim = model.encoder.width
    depth = model.encoder.depth
    numHeads = model.encoder.heads
    decoderEmbedDim = model.decoder.width
    decoderDepth = model.decoder.depth
    decoderNumHeads = model.decoder.heads
    mlpRatio = model.encoder.mlpRatio
    decoderMlpRatio = model.decoder.mlpRatio
    normPixLoss = model.normalizesPixels
    maskRatio = model.maskRatio
    layerNormEps = model.layerNormEpsilon
  }
}

/// The usual number of heads of a width: those of the published models.
func usualHeads(ofEncoder width: Int) -> Int? {
  [192: 3, 384: 6, 768: 12, 1024: 16, 1280: 16][width]
}

/// As ``usualHeads(ofEncoder:)``, of the authors' decoders.
func usualHeads(ofDecoder width: Int) -> Int? {
  width == 512 ? 16 : nil
}
