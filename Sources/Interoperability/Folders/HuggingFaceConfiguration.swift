import MaskedAutoencoder
import VisionTransformer

/// `config.json` of a Hugging Face folder with a `ViTMAE…` or `ViT…` model. What a file leaves out has the defaults of
/// transformers' `ViTMAEConfig`.
struct HuggingFaceConfiguration: Codable {
  var architectures: [String]?
  var modelType: String?
  var hiddenSize: Int?
  var numHiddenLayers: Int?
  var numAttentionHeads: Int?
  var intermediateSize: Int?
  var hiddenAct: String?
  var hiddenDropoutProb: Double?
  var attentionProbsDropoutProb: Double?
  var initializerRange: Double?
  var layerNormEps: Double?
  var imageSize: Sides?
  var patchSize: Sides?
  var numChannels: Int?
  var qkvBias: Bool?
  var decoderHiddenSize: Int?
  var decoderNumHiddenLayers: Int?
  var decoderNumAttentionHeads: Int?
  var decoderIntermediateSize: Int?
  var maskRatio: Double?
  var normPixLoss: Bool?
  var dtype: String?
  /// Of a classifier: the name of each label, and the label of each name.
  var id2label: [String: String]?
  var label2id: [String: Int]?

  /// - Parameter encoderOnly: for `ViTModel`, which knows no decoder.
  init(_ model: ModelConfiguration, encoderOnly: Bool) {
    architectures = [encoderOnly ? "ViTModel" : "ViTMAEForPreTraining"]
    modelType = encoderOnly ? "vit" : "vit_mae"
    hiddenSize = model.encoder.width
    numHiddenLayers = model.encoder.depth
    numAttentionHeads = model.encoder.heads
    intermediateSize = model.encoder.hiddenWidth
    hiddenAct = "gelu"
    hiddenDropoutProb = 0
    attentionProbsDropoutProb = 0
    initializerRange = 0.02
    layerNormEps = model.layerNormEpsilon
    imageSize = Sides(height: model.imageSize.height, width: model.imageSize.width)
    patchSize = Sides(height: model.patchSize, width: model.patchSize)
    numChannels = model.channels
    qkvBias = true
    dtype = "float32"
    guard !encoderOnly else { return }
    decoderHiddenSize = model.decoder.width
    decoderNumHiddenLayers = model.decoder.depth
    decoderNumAttentionHeads = model.decoder.heads
    decoderIntermediateSize = model.decoder.hiddenWidth
    maskRatio = model.maskRatio
    normPixLoss = model.normalizesPixels
  }

  /// - Throws: the file describes what no model here can be.
  func model(path: String) throws(InteroperabilityError) -> ModelConfiguration {
    guard ["vit_mae", "vit"].contains(modelType ?? "vit_mae") else {
      throw .unsupported(path: path, key: "model_type", found: modelType ?? "", expected: "vit_mae or vit")
    }
    guard (hiddenAct ?? "gelu") == "gelu" else {
      throw .unsupported(path: path, key: "hidden_act", found: hiddenAct ?? "", expected: "gelu")
    }
    let counts = [
      ("hidden_size", hiddenSize), ("num_hidden_layers", numHiddenLayers), ("num_attention_heads", numAttentionHeads),
      ("intermediate_size", intermediateSize), ("num_channels", numChannels),
      ("decoder_hidden_size", decoderHiddenSize), ("decoder_num_hidden_layers", decoderNumHiddenLayers),
      ("decoder_num_attention_heads", decoderNumAttentionHeads),
      ("decoder_intermediate_size", decoderIntermediateSize),
    ]
    for case (let key, let count?) in counts where !Sides.sensible.contains(count) {
      throw .unsupported(
        path: path, key: key, found: "\(count)", expected: "a number from 1 to \(Sides.sensible.upperBound)")
    }
    let patch = patchSize ?? Sides(height: 16, width: 16)
    guard patch.height == patch.width else {
      throw .unsupported(
        path: path, key: "patch_size", found: "[\(patch.height), \(patch.width)]", expected: "one number for both sides"
      )
    }
    let image = imageSize ?? Sides(height: 224, width: 224)
    var model = ModelConfiguration()
    model.imageSize = GridSize(height: image.height, width: image.width)
    model.patchSize = patch.height
    model.channels = numChannels ?? 3
    model.maskRatio = maskRatio ?? 0.75
    // A file of an encoder alone does not say; the paper's choice for features is then taken.
    model.normalizesPixels = normPixLoss ?? (modelType == "vit")
    model.layerNormEpsilon = layerNormEps ?? 1e-12
    model.encoder = transformer(
      width: hiddenSize ?? 768, depth: numHiddenLayers ?? 12, heads: numAttentionHeads ?? 12,
      hidden: intermediateSize ?? 3072)
    model.decoder = transformer(
      width: decoderHiddenSize ?? 512, depth: decoderNumHiddenLayers ?? 8, heads: decoderNumAttentionHeads ?? 16,
      hidden: decoderIntermediateSize ?? 2048)
    return model
  }

  /// Of a classifier's labels, in order.
  var classNames: [String] {
    (id2label ?? [:]).compactMap { id, name in Int(id).map { ($0, name) } }.sorted { $0.0 < $1.0 }.map(\.1)
  }

  /// The dropouts of the file, which are not applied here.
  var dropout: Double { max(hiddenDropoutProb ?? 0, attentionProbsDropoutProb ?? 0) }
}

/// A transformer by its hidden width, as others write it.
func transformer(width: Int, depth: Int, heads: Int, hidden: Int) -> TransformerConfiguration {
  TransformerConfiguration(width: width, depth: depth, heads: heads, mlpRatio: Double(hidden) / Double(max(1, width)))
}
