import Checkpoints
import Compute
import Evaluation
import Files
import MaskedAutoencoder
import Parameters
import Pretraining
import Training
import VisionTransformer

private let positionTable = "pos_embed"

/// What a classifier has of its own: what begins anew where a checkpoint does not bring it along.
struct NewTensors {
  /// Whether a head is taken over: it was made for the features that this classifier's head takes.
  private var keepsHead: Bool
  private let keepsNorm: Bool

  /// - Parameters:
  ///   - configuration: of the classifier that begins.
  ///   - other: of the one whose checkpoint it begins with; nil of a pre-trained encoder.
  init(_ configuration: ClassificationConfiguration, beginningWith other: ClassificationConfiguration?) {
    let hasSamePooling = other.map { $0.model.pooling == configuration.model.pooling }
    keepsNorm = hasSamePooling ?? true
    keepsHead =
      hasSamePooling == true && (!configuration.finetune.batchNorm || other?.finetune.batchNorm == true)
  }

  /// The same with a head that begins anew.
  var withNewHead: NewTensors {
    var copy = self
    copy.keepsHead = false
    return copy
  }

  /// Whether the checkpoint's tensor, if it has one, is left there.
  func isLeft(_ tensor: String) -> Bool { !keepsHead && tensor.hasPrefix("head.") }

  /// Whether the checkpoint may have none.
  func mayBeMissing(_ tensor: String) -> Bool {
    ["head.", "head_norm.", "fc_norm."].contains { tensor.hasPrefix($0) } || !keepsNorm && tensor.hasPrefix("norm.")
  }
}

extension Classifier {
  /// What is saved beside the parameters: those that are not trained, and the position table, where it is another than the
  /// sine-cosine one, which the configuration gives.
  package var constants: [ConstantTensor] {
    let frozen = tables.frozen.specs.map {
      ConstantTensor(name: $0.name, shape: $0.shape, values: frozenParameters[$0.range].array)
    }
    let encoder = configuration.encoder
    let width = encoder.transformer.width
    let usual = sineCosinePositions(grid: encoder.patches.grid, width: width)
    guard !positions.elementsEqual(usual, by: { $0.bitPattern == $1.bitPattern }) else { return frozen }
    // The checkpoint that a run goes on from may have that of another size, or none where it is the sine-cosine one.
    return frozen + [
      ConstantTensor(
        name: positionTable, shape: [1, positions.count / width, width], values: positions, isRequired: false)
    ]
  }
}

extension Checkpoint {
  /// What the checkpoint's run was told, where it is a classifier's.
  func classification() throws -> ClassificationConfiguration? {
    guard state.task == ImageClassification.name else { return nil }
    return try ClassificationConfiguration.decode(yaml: state.configuration, name: "\(path)/state.json")
  }

  /// The encoder that the checkpoint has the weights of, whichever task it is of.
  private func encoder() throws -> EncoderConfiguration {
    if let classification = try classification() { return classification.model.encoderConfiguration }
    return try PretrainingConfiguration.decode(yaml: state.configuration, name: "\(path)/state.json").model
      .encoderConfiguration
  }

  /// - Throws: the checkpoint is of another encoder than the configuration's, but for the size of its images.
  func requireEncoder(of configuration: ClassificationConfiguration) throws {
    guard ImageClassification.namesOfBeginnings.contains(state.task) else { return }
    let (found, wanted) = (try encoder(), configuration.model.encoderConfiguration)
    let pairs: [(key: String, found: String, wanted: String)] = [
      ("model.encoder.width", "\(found.transformer.width)", "\(wanted.transformer.width)"),
      ("model.encoder.depth", "\(found.transformer.depth)", "\(wanted.transformer.depth)"),
      ("model.encoder.heads", "\(found.transformer.heads)", "\(wanted.transformer.heads)"),
      ("model.encoder.mlp_ratio", "\(found.transformer.mlpRatio)", "\(wanted.transformer.mlpRatio)"),
      ("model.patch_size", "\(found.patches.patchSize)", "\(wanted.patches.patchSize)"),
      ("model.channels", "\(found.patches.channels)", "\(wanted.patches.channels)"),
      ("model.layer_norm_eps", "\(found.layerNormEpsilon)", "\(wanted.layerNormEpsilon)"),
    ]
    let differences = pairs.filter { $0.found != $0.wanted }
    guard !differences.isEmpty else { return }
    throw ClassificationError.otherEncoder(
      path: path, differences.map { "\($0.key) is \($0.wanted) and the checkpoint's \($0.found)" })
  }

  /// The position table that the checkpoint's encoder has learned with, brought to the size of the configuration's images; nil
  /// where that is the sine-cosine one, which the configuration gives.
  func classifierPositions(for configuration: ClassificationConfiguration) throws -> [Float]? {
    guard ImageClassification.namesOfBeginnings.contains(state.task) else { return nil }
    let (grid, wanted) = (try encoder().patches.grid, configuration.model.patches.grid)
    let width = configuration.model.encoder.width
    let own = try readConstant(positionTable, shape: [1, 1 + grid.count, width])
    guard grid != wanted else { return own }
    // A sine-cosine table of the larger grid would have coordinates that the encoder has never seen.
    let table = own ?? sineCosinePositions(grid: grid, width: width)
    return Array(table[..<width])
      + interpolateBicubic(Array(table[width...]), width: width, from: grid, to: wanted)
  }

  /// The names of the classes that the checkpoint's head tells apart, in the order of its labels; nil where it does not say
  /// them in a way that images can be matched by: their labels are then taken to be its own.
  ///
  /// - Parameters:
  ///   - names: of the images' classes.
  ///   - count: of the head's classes.
  func classNames(toMatch names: [String], count: Int) -> [String]? {
    let own = state.classNames
    guard own.count == count, Set(own).count == count else { return nil }
    // Who trained an imported classifier may have named its classes for people ("tench"), where folders have numbers.
    let isImported = state.dataHash.isEmpty
    return isImported && Set(own).isDisjoint(with: names) ? nil : own
  }

  /// Fills an arena with the checkpoint's tensors, trained there or constant.
  ///
  /// - Parameter new: which tensors may stay as they are; nil: none.
  /// - Returns: the names of those that stayed.
  /// - Throws: a tensor is missing, of another shape, or holds a value that is not finite.
  func readTensors(
    of table: ParameterTable, into arena: Vector, but new: NewTensors?
  ) throws(CheckpointError) -> [String] {
    var kept: [String] = []
    for spec in table.specs {
      if new?.isLeft(spec.name) != true,
        try readTensor(
          spec.name, shape: spec.shape, mayBeOther: new?.mayBeMissing(spec.name) == true, into: arena[spec.range])
      {
        continue
      }
      kept.append(spec.name)
    }
    return kept
  }

  /// Makes the batch normalisation of a linear probe part of its head.
  ///
  /// - Parameters:
  ///   - table: of a classifier without batch normalisation.
  ///   - parameters: its arena, with the checkpoint's head.
  /// - Returns: whether the checkpoint is of such a probe; otherwise nothing is done.
  func foldBatchNorm(of table: ParameterTable, into parameters: Vector) throws(CheckpointError) -> Bool {
    guard let weight = table.specs.first(where: { $0.name == "head.weight" }),
      let bias = table.specs.first(where: { $0.name == "head.bias" })
    else { preconditionFailure("a classifier has a head") }
    let (classes, width) = (weight.shape[0], weight.shape[1])
    let statistics = AlignedBuffer<Float>(repeating: 0, count: 2 * width)
    defer { extendLifetime(statistics) }
    let (mean, variance) = (statistics.all[0..<width], statistics.all[width..<2 * width])
    for (name, values) in [("running_mean", mean), ("running_var", variance)] {
      guard try readTensor("head_norm.\(name)", shape: [width], mayBeOther: true, into: values) else { return false }
    }
    Classifier.foldBatchNorm(
      intoWeight: parameters[weight.range].reshaped(rows: classes, columns: width), bias: parameters[bias.range],
      mean: mean, variance: variance)
    return true
  }
}

/// Why a classifier cannot begin, or be tried.
public enum ClassificationError: UsageError {
  case otherEncoder(path: String, [String])
  case noValidationLabels(path: String)
  case unknownClass(path: String, name: String, count: Int)
  case absentClass(path: String, name: String, count: Int)
  case emptyClass(name: String, count: Int)
  case tooManyBadImages(path: String, count: Int, of: Int, limit: Double)
  case notFinite(path: String)
  case noAverage(path: String)

  public var description: String {
    switch self {
    case .otherEncoder(let path, let differences):
      "the checkpoint \(path) is of another encoder (\(differences.joined(separator: "; "))); take its values."
    case .noValidationLabels(let path):
      "the images of validation.path (\(path)) have no labels; give \(LabelError.labelledSets)."
    case .unknownClass(let path, let name, let count):
      "the images of validation.path (\(path)) have \(others(count)) that the training images lack, such as \(name); take "
        + "them away, or name the classes alike."
    case .absentClass(let path, let name, let count):
      "the images of validation.path (\(path)) lack \(others(count)) of the training images, such as \(name); add images of "
        + "them, or choose among the others alone with validation.only_present_classes."
    case .emptyClass(let name, let count):
      "the training images of data.path have \(others(count)) without an image, such as \(name), and so have those of "
        + "validation.path; number the classes without a gap, or choose among the others alone with "
        + "validation.only_present_classes."
    case .tooManyBadImages(let path, let count, let images, let limit):
      "\(count) of the \(images) images of validation.path (\(path)) cannot be used, more than data.max_bad_fraction "
        + "(\(limit)) allows; the warnings name them."
    case .notFinite(let path):
      "the answers of the checkpoint \(path) are no finite numbers, which happens where training has diverged; take an "
        + "earlier one."
    case .noAverage(let path):
      "the checkpoint \"\(escaped(path))\" has no moving average of the weights, as its run had no finetune.ema_decay; leave --ema "
        + "out"
    }
  }

  private func others(_ count: Int) -> String { count == 1 ? "a class" : "\(count) classes" }

  public var isUsage: Bool {
    switch self {
    case .tooManyBadImages, .notFinite: false
    case .otherEncoder, .noValidationLabels, .unknownClass, .absentClass, .emptyClass, .noAverage: true
    }
  }
}
