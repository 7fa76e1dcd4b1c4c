import Checkpoints
import Compute
import Datasets
import Evaluation
import Imaging
import Optimization
import Parameters
import Pretraining
import Reporting
import Training
import VisionTransformer

/// Training a vision transformer to tell the classes of labelled images: from an encoder that was pre-trained, whole or its
/// last blocks alone, or from scratch.
public struct ImageClassification: TrainingTask {
  public static let name = "classification"
  public static let title = "Image classification"
  /// The share of images whose class has the largest logit, before the step's update: of images as they are augmented.
  public static let metrics = [Metric(name: "accuracy")]
  public static let learnsClasses = true
  public static let namesOfBeginnings = [name, MaskedAutoencoding.name]

  public let configuration: ClassificationConfiguration
  public let classifier: Classifier
  public let constants: [ConstantTensor]
  private let normalization: Normalization
  private let mixing: ImageMixing
  private let erasing: RandomErasing
  private let newTensors: NewTensors
  /// Of what is not trained, what the checkpoint that this began with did not bring along.
  private let newFrozen: [String]

  public init(_ configuration: ClassificationConfiguration, from checkpoint: Checkpoint? = nil) throws {
    self.configuration = configuration
    let seed = configuration.train.seed
    try checkpoint?.requireEncoder(of: configuration)
    let newTensors = NewTensors(configuration, beginningWith: try checkpoint?.classification())
    self.newTensors = newTensors
    var newFrozen: [String] = []
    classifier = try Classifier(
      configuration.classifier, positions: try checkpoint?.classifierPositions(for: configuration),
      precision: configuration.train.precision
    ) { table, arena in
      table.initialize(arena, seed: seed)
      if let checkpoint { newFrozen = try checkpoint.readTensors(of: table, into: arena, but: newTensors) }
    }
    self.newFrozen = newFrozen
    constants = classifier.constants
    normalization = configuration.data.normalization
    mixing = configuration.finetune.mixing
    erasing = configuration.finetune.erasing
  }

  public var table: ParameterTable { classifier.tables.trained }

  /// AdamW's groups: the nearer a layer is to the images, the more slowly it learns; the cls token is not decayed (the
  /// authors' settings for fine-tuning, after Clark et al. 2020 and Bao et al. 2021).
  public var parameterGroups: [ParameterGroup] {
    let last = configuration.model.encoderConfiguration.layerAfterBlocks
    return table.specs.filter { !$0.isBuffer }.map { spec in
      let isDecayed = spec.isDecayed && spec.name != "cls_token"
      return ParameterGroup(
        range: spec.range, weightDecay: isDecayed ? configuration.train.weightDecay : 0,
        rateScale: Elementary.pow(configuration.finetune.layerDecay, last - spec.layer), isMatrix: spec.shape.count > 1)
    }
  }

  public var averageDecay: Double? { configuration.finetune.emaDecay }

  public var summary: String {
    let (model, frozen) = (configuration.model, classifier.tables.frozen.parameterCount)
    return
      "\(inMillions(table.parameterCount)) parameters"
      + (frozen == 0 ? "" : ", \(inMillions(frozen)) more that stay as they are") + ", \(model.imageSize.height) x "
      + "\(model.imageSize.width) pixels in \(model.patches.count) patches, \(model.classes) classes"
  }

  public static func check(
    _ source: any ImageSource, for configuration: ClassificationConfiguration
  ) throws(TrainingError) {
    let (found, wanted) = (source.classNames.count, configuration.model.classes)
    func unsuitable(_ reason: String) -> TrainingError {
      .unsuitableData(path: configuration.data.path.description, reason: reason)
    }
    guard found > 0 else { throw unsuitable("they have no labels; give \(LabelError.labelledSets)") }
    guard found > 1 else {
      throw unsuitable(
        "all are of the class \(source.classNames[0]), so that there is nothing to tell apart; give images of two classes "
          + "or more")
    }
    guard found == wanted else {
      throw unsuitable("they are of \(found) classes, and model.classes is \(wanted); set model.classes=\(found)")
    }
    var names: Set<String> = []
    if let name = source.classNames.first(where: { !names.insert($0).inserted }) {
      throw unsuitable("two of their classes have the name \(name), however it is encoded; rename one")
    }
    if configuration.data.randAugment != nil,
      let refusal = RandAugment.refusal(source.sampleKind, channels: configuration.model.channels)
    {
      throw unsuitable("\(refusal); set data.rand_augment to null")
    }
  }

  public func begin(
    with checkpoint: Checkpoint, parameters: Vector, classNames: [String], inParallel: Checkpoint.Parallel
  ) throws(CheckpointError) -> String {
    // A head of other classes would be a wrong start that looks like a right one.
    let learned = checkpoint.classNames(toMatch: classNames, count: configuration.model.classes)
    let isOfOtherClasses = learned != nil && learned != classNames
    let kept =
      newFrozen
      + (try checkpoint.readTensors(
        of: table, into: parameters, but: isOfOtherClasses ? newTensors.withNewHead : newTensors))
    var remark = kept.isEmpty ? "" : "; \(kept.joined(separator: ", ")) begin anew"
    if isOfOtherClasses { remark += ", as the checkpoint's classes are others, or in another order" }
    if !configuration.finetune.batchNorm, !kept.contains("head.weight"),
      try checkpoint.foldBatchNorm(of: table, into: parameters)
    {
      remark += "; the probe's batch normalisation is part of the head now"
    }
    return remark
  }

  public func evaluation(
    beside source: any ImageSource, placement: VirtualWorkerPlacement
  ) throws -> (any EpochEvaluation)? {
    guard let path = configuration.validation.path else { return nil }
    return try Validation(
      self, of: path, learned: { _ in LearnedClasses(of: source) }, threads: placement.threads)
  }

  public func evaluationBytes(_ placement: VirtualWorkerPlacement) -> Int {
    configuration.validation.path == nil ? 0 : Validation.bytes(self, threads: placement.threads)
  }

  // MARK: A virtual worker's images

  public func memories(_ need: MemoryNeed, gradient: Vector) -> [ClassifierWorkspace] {
    let plan = memoryPlan(need)
    return (0..<need.threads).map { ClassifierWorkspace(plan, thread: $0, gradient: gradient) }
  }

  /// What is not trained is counted with them: all threads share it.
  public func memoryBytes(_ need: MemoryNeed) -> Int {
    let frozen = classifier.tables.frozen.arenaCount
    let rounded = configuration.train.precision == .bf16 ? frozen * MemoryLayout<BFloat16>.stride : 0
    return memoryPlan(need).ownBytes + 2 * frozen * MemoryLayout<Float>.stride + rounded
  }

  /// Where what forward leaves is looked at, later blocks must not have written over it.
  private func memoryPlan(_ need: MemoryNeed) -> ClassifierMemoryPlan {
    ClassifierMemoryPlan(
      configuration.classifier, imageCount: need.images, precision: configuration.train.precision,
      recompute: need.keepsActivations ? .none : configuration.train.recompute, threads: need.threads,
      usesGradient: need.gradientIsFree, rounds: need.rounds)
  }

  public func load(_ images: Range<Int>, of batch: borrowing Batch, into memory: ClassifierWorkspace) {
    let (seed, shape, rate) = (configuration.train.seed, configuration.imageShape, configuration.finetune.dropPath)
    for (row, image) in images.enumerated() {
      let sample = batch.samples[image]
      normalization.apply(to: batch.pixels(of: image), into: memory.images.row(row))
      erasing.apply(to: memory.images.row(row), shape: shape, seed: seed, epoch: batch.epoch, sample: sample)
      guard let label = batch.labels[image] else { preconditionFailure("the data was checked to have labels") }
      memory.labels[row] = label
      if rate > 0 {
        memory.branches.draw(rate: rate, image: row, seed: seed, epoch: batch.epoch, sample: sample)
      }
    }
    memory.round = images.lowerBound / images.count / memory.threads
    let mixture = mixing.mixture(
      seed: seed, epoch: batch.epoch, firstSample: batch.samples[images.lowerBound], height: shape.height,
      width: shape.width)
    if mixture != .none { mixture.apply(to: memory.images, shape: shape) }
    softTargets(
      output: memory.targets, labels: memory.labels, smoothing: configuration.finetune.labelSmoothing, mixture: mixture)
  }

  public func forward(
    parameters: Vector, rounded: VectorView<BFloat16>, memory: ClassifierWorkspace, metrics: VectorView<Double>
  ) -> Double {
    if configuration.finetune.batchNorm {
      classifier.classifyBatch(parameters: parameters, workspace: memory)
    } else {
      classifier.classify(parameters: parameters, rounded: rounded, workspace: memory, dropsPaths: dropsPaths)
    }
    let loss = classifier.loss(memory)
    metrics[0] = Double(loss.correct)
    return loss.sum
  }

  public func backward(
    parameters: Vector, rounded: VectorView<BFloat16>, memory: ClassifierWorkspace, receiver: some GradientReceiver
  ) {
    classifier.backward(
      parameters: parameters, rounded: rounded, workspace: memory, dropsPaths: dropsPaths, receiver: receiver)
  }

  // MARK: The whole batch

  public var surveyCount: Int { classifier.surveyCount }

  public func survey(
    parameters: Vector, rounded: VectorView<BFloat16>, memory: ClassifierWorkspace, sums: VectorView<Double>
  ) {
    classifier.survey(parameters: parameters, rounded: rounded, workspace: memory, sums: sums)
  }

  public func take(_ total: (_ index: Int) -> Double, ofImages images: Int, into memory: ClassifierWorkspace) {
    guard surveyCount > 0 else { return }
    classifier.take(total, ofImages: images, workspace: memory)
  }

  public func updateBuffers(of parameters: Vector, memory: ClassifierWorkspace) {
    classifier.updateRunningStatistics(of: parameters, workspace: memory)
  }

  private var dropsPaths: Bool { configuration.finetune.dropPath > 0 }

  public func showActivations(of memory: ClassifierWorkspace, _ show: (_ name: String, _ values: Matrix) -> Void) {
    for activation in memory.activations {
      show(activation.name, activation.values)
      extendLifetime(activation)
    }
    show("head.gradient", memory.logitGradient)
  }
}

extension ClassifierWorkspace: TaskMemory {}
