import Checkpoints
import Compute
import Evaluation
import Files
import MaskedAutoencoder
import Pretraining
import Reporting
import Safetensors
import Training
import VisionTransformer

/// What an exported folder is to hold.
public struct ExportOptions: Sendable {
  public var format: ModelFormat
  /// Leave out the decoder. timm's folders always do.
  public var encoderOnly: Bool
  /// For the model card: what the run logged; empty when nothing is known.
  public var log: [LogLine] = []

  public init(format: ModelFormat, encoderOnly: Bool = false) {
    self.format = format
    self.encoderOnly = encoderOnly || format == .timm
  }
}

extension TrainedModel {
  /// Writes `model.safetensors`, `config.json`, `preprocessor_config.json` and a model card, `README.md`.
  ///
  /// - Parameter directory: must not exist; it appears whole or not at all.
  /// - Returns: sentences about what the format cannot say.
  public func export(to directory: String, _ options: ExportOptions) throws(InteroperabilityError) -> [String] {
    let positions = ExportedPositions(model)
    defer { extendLifetime(positions) }
    let naming = options.format.naming
    let tensors =
      positions.tensors(naming: naming, encoderOnly: options.encoderOnly)
      + model.table.tensors(of: parameters.all, naming: naming) { !options.encoderOnly || isOfEncoder($0) }
    // A ViTModel of its own has no prefix; a whole model calls its encoder vit.
    let strips = options.format == .huggingFace && options.encoderOnly
    let contents = SafetensorsContents(
      tensors.map { tensor in
        NamedTensor(
          name: strips && tensor.name.hasPrefix("vit.") ? String(tensor.name.dropFirst(4)) : tensor.name,
          shape: tensor.shape, values: tensor.values)
      })
    let card = ModelCard(self, options).text
    try makeFolder(at: directory) { (folder, fileSystem) throws(InteroperabilityError) in
      try writeFile("\(folder)/model.safetensors", on: fileSystem) { (sink: ByteSink) throws(FileError) in
        try contents.write(to: sink)
      }
      try writeFile("\(folder)/config.json", on: fileSystem, configurationBytes(options))
      try writeFile("\(folder)/preprocessor_config.json", on: fileSystem, jsonBytes(Preprocessing(configuration)))
      try writeFile("\(folder)/README.md", on: fileSystem, Array(card.utf8))
    }
    return limits(of: options)
  }

  private func configurationBytes(_ options: ExportOptions) -> [UInt8] {
    switch options.format {
    case .huggingFace:
      jsonBytes(HuggingFaceConfiguration(configuration.model, encoderOnly: options.encoderOnly))
    case .timm: jsonBytes(TimmConfiguration(configuration))
    case .facebook: jsonBytes(AuthorsConfiguration(configuration.model))
    }
  }

  /// What a reader in that ecosystem has to say by hand.
  func limits(of options: ExportOptions) -> [String] {
    let model = configuration.model
    var limits: [String] = []
    if options.format != .huggingFace, model.layerNormEpsilon != 1e-6 {
      limits.append(
        "config.json cannot tell \(options.format.rawValue) the epsilon of the layer norms, \(model.layerNormEpsilon), "
          + "where its own is 1e-6: pass norm_layer, as the model card does")
    }
    if options.format == .facebook, !options.encoderOnly, model.decoder.mlpRatio != model.encoder.mlpRatio {
      limits.append(
        "the authors' class has one mlp_ratio, this model has \(model.encoder.mlpRatio) in the encoder and "
          + "\(model.decoder.mlpRatio) in the decoder: build the decoder's blocks with the latter, as the model card does"
      )
    }
    if options.format == .facebook, model.imageSize.height != model.imageSize.width {
      limits.append("the authors' class takes square images only")
    }
    if options.format == .huggingFace, !options.encoderOnly, model.imageSize.height != model.imageSize.width {
      limits.append("transformers' ViTMAEForPreTraining takes square images only; its encoder takes this model's")
    }
    return limits
  }
}

extension TimmConfiguration {
  /// The published architecture of these sizes, or ViT-B with arguments that change it.
  init(_ configuration: PretrainingConfiguration, keptFraction: Double = FeatureExtractor.usualKeptFraction) {
    let model = configuration.model
    let size = [model.encoder.width, model.encoder.depth, model.encoder.heads, model.patchSize]
    let published = [
      [192, 12, 3, 16]: "vit_tiny_patch16_224", [384, 12, 6, 16]: "vit_small_patch16_224",
      [768, 12, 12, 16]: "vit_base_patch16_224", [1024, 24, 16, 16]: "vit_large_patch16_224",
      [1280, 32, 16, 14]: "vit_huge_patch14_224",
    ]
    architecture = published[size] ?? "vit_base_patch16_224"
    numClasses = 0
    numFeatures = model.encoder.width
    globalPool = "token"
    modelArgs = Arguments(
      imgSize: Sides(height: model.imageSize.height, width: model.imageSize.width), patchSize: model.patchSize,
      inChans: model.channels, embedDim: model.encoder.width, depth: model.encoder.depth,
      numHeads: model.encoder.heads, mlpRatio: Self.truncatingRatio(model.encoder))
    pretrainedCfg = Pretrained(
      tag: "mae", customLoad: false, inputSize: [model.channels, model.imageSize.height, model.imageSize.width],
      fixedInputSize: true, interpolation: "bicubic",
      cropPct: Self.truncatingPart(of: model.imageSize.height, keptFraction),
      cropMode: "center", mean: Self.mean(of: configuration.data), std: Self.deviation(of: configuration.data),
      numClasses: 0, firstConv: "patch_embed.proj", classifier: "head")
  }

  /// timm knows 8-bit images alone, 255 being 1: mean and deviation in that unit.
  private static func mean(of data: DataConfiguration) -> [Double] {
    guard let range = data.sampleRange else { return data.mean }
    return data.mean.map { ($0 * (range[1] - range[0]) + range[0]) / 255 }
  }

  private static func deviation(of data: DataConfiguration) -> [Double] {
    guard let range = data.sampleRange else { return data.deviation }
    return data.deviation.map { $0 * (range[1] - range[0]) / 255 }
  }

  /// The kept part of an image's side for those who cut the resized side off to whole pixels instead of rounding it.
  private static func truncatingPart(of side: Int, _ keptFraction: Double) -> Double {
    let resized = (Double(side) / keptFraction).rounded()
    let part = Double(side) / resized
    return Double(side) / part >= resized ? part : part.nextDown
  }

  /// The ratio that gives the hidden width to those who cut its product with the width off instead of rounding it.
  static func truncatingRatio(_ encoder: TransformerConfiguration) -> Double {
    let ratio = Double(encoder.hiddenWidth) / Double(encoder.width)
    return Int(Double(encoder.width) * ratio) == encoder.hiddenWidth ? ratio : ratio.nextUp
  }
}
