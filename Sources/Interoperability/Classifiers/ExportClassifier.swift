import Classification
import Compute
import Evaluation
import Files
import MaskedAutoencoder
import Parameters
import Pretraining
import Reporting
import Safetensors
import Training
import VisionTransformer

extension TrainedClassifier {
  /// Writes `model.safetensors`, `config.json`, `preprocessor_config.json` and a model card, `README.md`, for
  /// transformers' `ViTForImageClassification` or timm's `VisionTransformer`, with the names of the classes.
  ///
  /// - Parameters:
  ///   - directory: must not exist; it appears whole or not at all.
  ///   - log: for the model card: what the run logged; empty when nothing is known.
  /// - Returns: sentences about what the format cannot say.
  /// - Throws: the format has no word for this classifier.
  public func export(
    to directory: String, format: ModelFormat, log: [LogLine] = []
  ) throws(InteroperabilityError) -> [String] {
    try requireExpressible(in: format)
    let positions = AlignedBuffer(classifier.positions)
    defer { extendLifetime(positions) }
    let naming = format.naming
    let width = configuration.model.encoder.width
    let table = ExportedTensor(
      name: naming.parts(of: "pos_embed")[0][0], shape: [1, classifier.positions.count / width, width],
      values: positions.all)
    let contents = SafetensorsContents(
      ([table] + self.table.tensors(of: parameters.all, naming: naming)).map {
        NamedTensor(name: $0.name, shape: $0.shape, values: $0.values)
      })
    let card = ClassifierCard(self, format, log).text
    try makeFolder(at: directory) { (folder, fileSystem) throws(InteroperabilityError) in
      try writeFile("\(folder)/model.safetensors", on: fileSystem) { (sink: ByteSink) throws(FileError) in
        try contents.write(to: sink)
      }
      try writeFile("\(folder)/config.json", on: fileSystem, configurationBytes(format))
      try writeFile(
        "\(folder)/preprocessor_config.json", on: fileSystem,
        jsonBytes(Preprocessing(encoderRun, keptFraction: configuration.validation.cropFraction)))
      try writeFile("\(folder)/README.md", on: fileSystem, Array(card.utf8))
    }
    return limits(of: format)
  }

  private func requireExpressible(in format: ModelFormat) throws(InteroperabilityError) {
    switch format {
    case .huggingFace where configuration.model.pooling == .mean:
      throw .inexpressible(
        reason:
          "transformers' ViTForImageClassification takes the cls token, and this classifier the mean of the patches "
          + "(model.pool is mean); export it with --format timm")
    case .facebook:
      throw .inexpressible(
        reason: "the authors' classifier has the names of timm's; export it with --format timm")
    case .huggingFace, .timm: break
    }
  }

  private func configurationBytes(_ format: ModelFormat) -> [UInt8] {
    guard format == .timm else {
      var file = HuggingFaceConfiguration(encoderRun.model, encoderOnly: true)
      file.setClasses(shownNames)
      return jsonBytes(file)
    }
    var file = TimmConfiguration(encoderRun, keptFraction: configuration.validation.cropFraction)
    file.setClasses(
      configuration.model.classes, names: classNames.isEmpty ? nil : shownNames,
      pooling: configuration.model.pooling)
    return jsonBytes(file)
  }

  /// A name for each class: its own, or its number.
  var shownNames: [String] {
    guard classNames.isEmpty else { return classNames.map { escaped($0) } }
    return (0..<configuration.model.classes).map { "LABEL_\($0)" }
  }

  /// The encoder and the images as a run of pre-training has them: what folders and cards of encoders are written from.
  var encoderRun: PretrainingConfiguration {
    var run = PretrainingConfiguration()
    let model = configuration.model
    run.model.imageSize = model.imageSize
    run.model.patchSize = model.patchSize
    run.model.channels = model.channels
    run.model.encoder = model.encoder
    run.model.layerNormEpsilon = model.layerNormEpsilon
    run.data = configuration.data
    return run
  }

  /// What a reader in that ecosystem has to say by hand.
  func limits(of format: ModelFormat) -> [String] {
    guard format == .timm, configuration.model.layerNormEpsilon != 1e-6 else { return [] }
    return [
      "config.json cannot tell timm the epsilon of the layer norms, \(configuration.model.layerNormEpsilon), where its own is "
        + "1e-6: pass norm_layer, as the model card does"
    ]
  }
}

extension HuggingFaceConfiguration {
  /// Makes it a `ViTForImageClassification`'s.
  mutating func setClasses(_ names: [String]) {
    architectures = ["ViTForImageClassification"]
    id2label = Dictionary(uniqueKeysWithValues: names.enumerated().map { ("\($0)", $1) })
    label2id = Dictionary(names.enumerated().map { ($1, $0) }) { first, _ in first }
  }
}

extension TimmConfiguration {
  /// Makes it a classifier's.
  mutating func setClasses(_ count: Int, names: [String]?, pooling: TokenPooling) {
    numClasses = count
    globalPool = pooling == .mean ? "avg" : "token"
    modelArgs?.globalPool = globalPool
    pretrainedCfg?.numClasses = count
    pretrainedCfg?.tag = "mae_finetuned"
    labelNames = names
  }
}
