import Checkpoints
import Configuration
import MaskedAutoencoder
import Pretraining
import Safetensors
import Training
import VisionTransformer

/// What weights that others left are weights of, and what had to be assumed.
struct SourceModel {
  let folder: ForeignFolder
  let naming: TensorNaming
  /// As it is in the file.
  var configuration: ModelConfiguration
  /// Of each channel, where the folder says them.
  var mean: [Double]?
  var deviation: [Double]?
  /// The samples that become 0 and 1 before mean and deviation; nil for 8 bits.
  var sampleRange: [Double]?
  /// Of a classifier's labels, in order; empty where the folder does not say them.
  var classNames: [String] = []
  /// What a classifier pools, in timm's word; nil where the folder does not say.
  var globalPool: String?
  let hasDecoder: Bool
  var notes: [String] = []
  /// By their names without the prefix that all of them have in the file.
  let tensors: [String: SafetensorsTensor]

  /// - Parameter overrides: `key=value`; those of the heads and of the image size say what the file does not.
  init(_ path: String, overrides: [String]) throws(InteroperabilityError) {
    let folder = try ForeignFolder(path)
    let names = folder.weights.tensors.map(\.name)
    let prefix = wrapperPrefix(of: names)
    let tensors = Dictionary(
      uniqueKeysWithValues: folder.weights.tensors.map { (String($0.name.dropFirst(prefix.count)), $0) })
    guard let naming = TensorNaming(of: Set(tensors.keys)) else {
      throw .unknownNaming(path: path, example: names.min().map { "\"\($0)\"" } ?? "nothing")
    }
    self.folder = folder
    self.naming = naming
    self.tensors = tensors
    hasDecoder = naming.parts(of: "decoder_embed.weight")[0].contains { tensors[$0] != nil }
    configuration = ModelConfiguration()
    if !prefix.isEmpty { notes.append("all its tensors are called \(prefix)…: that prefix was taken off") }
    switch naming {
    case .huggingFace: try readHuggingFace()
    case .native: try inferFromShapes(overrides: overrides)
    }
    if !hasDecoder { configuration.decoder = TransformerConfiguration(width: 512, depth: 8, heads: 16) }
  }

  /// The tensor that is kept under one of `names`.
  func tensor(of names: [String]) -> SafetensorsTensor? {
    for name in names {
      if let tensor = tensors[name] { return tensor }
    }
    return nil
  }

  /// Mean and deviation of each channel: the folder's, or those that are usual.
  var pixelStatistics: (mean: [Double], deviation: [Double]) {
    let (channels, usual) = (configuration.channels, DataConfiguration())
    func statistic(_ found: [Double]?, _ colour: [Double]) -> [Double] {
      if let found, found.count == channels { return found }
      return channels == 3 ? colour : adaptStatistic(colour, to: channels)
    }
    return (statistic(mean, usual.mean), statistic(deviation, usual.deviation))
  }

  /// What of an image's tokens a classifier takes.
  ///
  /// - Throws: it is neither the cls token behind the encoder's norm nor the mean of the patches before a norm of its own.
  func pooling() throws(InteroperabilityError) -> TokenPooling {
    guard naming == .native else { return .cls }
    let isNormedBehind = tensors["fc_norm.weight"] != nil
    switch (globalPool ?? (isNormedBehind ? "avg" : "token"), isNormedBehind) {
    case ("token", false): return .cls
    case ("avg", true): return .mean
    case (let found, _):
      throw .unsupported(
        path: folder.configurationPath, key: "global_pool",
        found: "\(found) \(isNormedBehind ? "with" : "without") fc_norm", expected: "token, or avg with fc_norm")
    }
  }

  private func requireBlocks(_ stack: String, _ depth: Int) throws(InteroperabilityError) {
    let names = naming.parts(of: "\(stack).\(depth - 1).norm1.weight")[0]
    guard tensor(of: names) != nil else { throw .tensorMissing(path: folder.path, tensor: names[0]) }
  }

  private mutating func readPixelStatistics() throws(InteroperabilityError) {
    guard let statistics = try readJSON(PixelStatistics.self, from: folder.preprocessingPath) else { return }
    (mean, deviation) = (statistics.imageMean, statistics.imageStd)
    let factor = statistics.doRescale == false ? 1 : statistics.rescaleFactor ?? 1 / 255
    guard factor.isFinite, factor > 0, Float(1 / factor).isFinite else {
      throw .malformedConfiguration(
        path: folder.preprocessingPath, reason: "rescale_factor is \(factor), and samples are multiplied by it")
    }
    // Files have it in single precision too.
    if Float(factor) != Float(1.0 / 255) { sampleRange = [0, 1 / factor] }
  }

  private mutating func readHuggingFace() throws(InteroperabilityError) {
    let path = folder.configurationPath
    guard let file = try readJSON(HuggingFaceConfiguration.self, from: path) else {
      throw .malformedConfiguration(
        path: path, reason: "it does not exist, and weights alone do not say what they are of")
    }
    configuration = try file.model(path: path)
    classNames = file.classNames
    // Before memory is taken for what a file claims.
    try requireBlocks("blocks", configuration.encoder.depth)
    if hasDecoder { try requireBlocks("decoder_blocks", configuration.decoder.depth) }
    if file.dropout > 0 {
      notes.append("its dropout of \(file.dropout) is not applied: masked autoencoders are trained without")
    }
    try readPixelStatistics()
  }
}

private struct PixelStatistics: Decodable {
  var imageMean: [Double]?
  var imageStd: [Double]?
  var doRescale: Bool?
  var rescaleFactor: Double?
}

// MARK: - timm's and the authors' files

extension SourceModel {
  /// Widths, depths and sizes are those of the tensors; `config.json`, if there is one, says what tensors do not show.
  private mutating func inferFromShapes(overrides: [String]) throws(InteroperabilityError) {
    let timm = try readJSON(TimmConfiguration.self, from: folder.configurationPath)
    let authors = try readJSON(AuthorsConfiguration.self, from: folder.configurationPath)
    (mean, deviation) = (timm?.pretrainedCfg?.mean, timm?.pretrainedCfg?.std)
    classNames = timm?.labelNames ?? []
    globalPool = timm?.globalPool
    if mean == nil { try readPixelStatistics() }
    let projection = try shape("patch_embed.proj.weight", dimensions: 4)
    configuration.channels = projection[1]
    configuration.patchSize = projection[2]
    configuration.layerNormEpsilon = authors?.layerNormEps ?? 1e-6
    configuration.maskRatio = authors?.maskRatio ?? 0.75
    configuration.normalizesPixels = authors?.normPixLoss ?? true
    configuration.encoder = try stack(
      "blocks", width: projection[0], heads: authors?.numHeads ?? timm?.heads, key: "model.encoder.heads",
      usual: usualHeads(ofEncoder:), overrides: overrides)
    if hasDecoder {
      configuration.decoder = try stack(
        "decoder_blocks", width: try shape("decoder_embed.weight", dimensions: 2)[0], heads: authors?.decoderNumHeads,
        key: "model.decoder.heads", usual: usualHeads(ofDecoder:), overrides: overrides)
      if authors?.normPixLoss == nil {
        notes.append("it does not say whether targets were normalised patch by patch: taken as norm_pix = true")
      }
    }
    let positions = try shape("pos_embed", dimensions: 3)
    let said =
      authors?.imgSize ?? timm?.modelArgs?.imgSize
      ?? timm?.pretrainedCfg?.inputSize.flatMap { size in
        size.count == 3 ? Sides(height: size[1], width: size[2]) : nil
      }
    configuration.imageSize = try imageSize(patches: positions[1] - 1, said: said, overrides: overrides)
  }

  private func shape(_ name: String, dimensions: Int) throws(InteroperabilityError) -> [Int] {
    guard let tensor = tensor(of: naming.parts(of: name)[0]) else {
      throw .tensorMissing(path: folder.path, tensor: name)
    }
    guard tensor.shape.count == dimensions, tensor.shape.allSatisfy({ $0 > 0 }) else {
      throw .shapeDiffers(
        path: folder.path, tensor: name, expected: Array(repeating: 1, count: dimensions), found: tensor.shape,
        advice: " or larger in each of these \(dimensions) dimensions")
    }
    return tensor.shape
  }

  private mutating func stack(
    _ name: String, width: Int, heads: Int?, key: String, usual: (Int) -> Int?, overrides: [String]
  ) throws(InteroperabilityError) -> TransformerConfiguration {
    var depth = 0
    while tensors["\(name).\(depth).norm1.weight"] != nil { depth += 1 }
    let hidden = try shape("\(name).0.mlp.fc1.weight", dimensions: 2)[0]
    var transformer = transformer(width: width, depth: depth, heads: 1, hidden: hidden)
    if overrides.contains(where: { $0.hasPrefix("\(key)=") }) { return transformer }
    if let heads {
      transformer.heads = heads
    } else if let heads = usual(width) {
      transformer.heads = heads
      notes.append("it does not say how many attention heads \(name) have: taken as \(heads), usual for width \(width)")
    } else {
      throw .headsUnknown(path: folder.path, key: key, width: width)
    }
    return transformer
  }

  private func imageSize(
    patches: Int, said: Sides?, overrides: [String]
  ) throws(InteroperabilityError) -> GridSize {
    let patch = configuration.patchSize
    if let said, (said.height / patch) * (said.width / patch) == patches {
      return GridSize(height: said.height, width: said.width)
    }
    let side = Int(Double(patches).squareRoot().rounded())
    if side * side == patches { return GridSize(height: side * patch, width: side * patch) }
    let saidSize = overrides.filter { $0.hasPrefix("model.image_size=") }
    let run = try interoperating(InteroperabilityError.configuration) { () throws(ConfigurationError) in
      try PretrainingConfiguration.decode(yaml: "", overrides: saidSize + ["model.patch_size=\(patch)"])
    }
    let size = run.model.imageSize
    guard !saidSize.isEmpty, size.height / patch * (size.width / patch) == patches else {
      throw .gridUnknown(path: folder.path, patches: patches)
    }
    return size
  }
}
