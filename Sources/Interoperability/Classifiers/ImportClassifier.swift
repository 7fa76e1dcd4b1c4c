import Classification
import Compute
import Configuration
import Imaging
import MaskedAutoencoder
import Parameters
import Training
import VisionTransformer

/// A classifier that others left, taken over, and what is to be said about it.
public struct ImportedClassifier {
  public let classifier: TrainedClassifier
  /// One sentence for each thing that was assumed or passed over.
  public let notes: [String]
}

extension TrainedClassifier {
  /// Takes over a classifier: a Hugging Face folder of `ViTForImageClassification`, or a folder or file with timm's names,
  /// which classifies by the cls token or, with `fc_norm`, by the mean of the patches.
  ///
  /// - Parameter overrides: `key=value` of the configuration.
  /// - Throws: it holds no classifier, or one that no classifier here can be.
  public static func importing(
    _ path: String, overrides: [String] = []
  ) throws(InteroperabilityError) -> ImportedClassifier {
    let source = try SourceModel(path, overrides: overrides)
    let head = source.naming.parts(of: "head.weight")[0]
    guard let weight = source.tensor(of: head), weight.shape.count == 2 else {
      throw .noClassifier(path: path, tensor: head[0])
    }
    let configuration = try target(source, classes: weight.shape[0], overrides: overrides)
    var reader = TensorReader(source)
    let model = configuration.model
    let width = model.encoder.width
    let positions = try reader.read(
      source.naming.parts(of: "pos_embed")[0], shape: [1, 1 + source.configuration.patchCount, width])
    guard model.encoderConfiguration.patches.grid == source.configuration.grid else {
      throw .configuration(
        .invalid(
          ConfigurationPath.root["model"]["image_size"], is: model.imageSize,
          "and the classifier is of another; import it as it is: mae finetune --init-from takes it to other sizes"))
    }
    let classifier = Classifier(configuration.classifier, positions: positions) { _, _ in }
    let table = classifier.tables.trained
    let parameters = AlignedBuffer<Float>(repeating: 0, count: table.arenaCount)
    for spec in table.specs {
      let values = try reader.readJoined(spec)
      for (index, value) in values.enumerated() { parameters.all[spec.range.lowerBound + index] = value }
    }
    try reader.refuseLeftovers { name in
      maskTokens.contains(name) || ["pooler.", "vit.pooler."].contains { name.hasPrefix($0) }
    }
    return ImportedClassifier(
      classifier: TrainedClassifier(
        classifier, configuration: configuration, parameters: parameters,
        classNames: classNames(of: source, count: model.classes), step: 0),
      notes: source.notes + reader.notes)
  }

  /// The source's configuration with the overrides.
  private static func target(
    _ source: SourceModel, classes: Int, overrides: [String]
  ) throws(InteroperabilityError) -> ClassificationConfiguration {
    let found = source.configuration
    var run = ClassificationConfiguration()
    run.model.imageSize = found.imageSize
    run.model.patchSize = found.patchSize
    run.model.channels = found.channels
    run.model.encoder = found.encoder
    run.model.layerNormEpsilon = found.layerNormEpsilon
    run.model.classes = classes
    run.model.pooling = try source.pooling()
    (run.data.mean, run.data.deviation) = source.pixelStatistics
    run.data.sampleRange = source.sampleRange
    // Not for all channels is there such an augmentation.
    if RandAugment.refusal(.uint8, channels: found.channels) != nil { run.data.randAugment = nil }
    var told = try interoperating(InteroperabilityError.configuration) { () throws(ConfigurationError) in
      try ClassificationConfiguration.decode(
        yaml: run.yaml(), name: "the configuration of \(source.folder.path)", overrides: overrides)
    }
    // What is taken over is the whole of it; which part is trained is said where it is.
    told.finetune.trainedBlocks = nil
    told.finetune.batchNorm = false
    return told
  }

  /// As the folder names them; none where it names not all, or two alike.
  private static func classNames(of source: SourceModel, count: Int) -> [String] {
    let names = source.classNames
    return names.count == count && Set(names).count == count ? names : []
  }
}
