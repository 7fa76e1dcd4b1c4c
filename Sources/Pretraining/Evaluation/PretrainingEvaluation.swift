import Compute
import Datasets
import Evaluation
import Imaging
import Reporting
import Training

/// What is looked at after epochs: the loss on held-out images beside what it costs to know nothing, and what the encoder's
/// features are good for.
final class PretrainingEvaluation: EpochEvaluation {
  let data: [Training.EvaluationData]
  private let configuration: EvaluationConfiguration
  private let task: MaskedAutoencoding
  private let reconstruction: HeldOutReconstruction
  private let test: any ImageSource
  /// Where both sets have labels.
  private let labelled: LabelledData?
  /// What it costs to know nothing, once it has been counted.
  private var baselines: HeldOutReconstruction.Losses?
  private var hasWarned: Set<String> = []

  /// Few, as this is done again and again.
  private static let strengths = [0.1, 0.01, 0.001, 0.0001]
  private static let neighborCounts = [20]

  /// - Throws: images cannot be opened, or have no labels to learn from.
  init(_ task: MaskedAutoencoding) throws {
    let configuration = task.configuration.evaluation
    self.task = task
    self.configuration = configuration
    func open(_ paths: DataPaths) throws -> (Training.EvaluationData, any ImageSource) {
      let source = try openSource(at: paths, options: task.configuration.decodingOptions)
      try source.requireChannels(task.imageInput.shape.channels)
      return (
        Training.EvaluationData(path: paths, source: source), EvenlySpread(source, most: configuration.mostImages)
      )
    }
    let (testData, test) = try open(configuration.test)
    self.test = test
    reconstruction = HeldOutReconstruction(task, source: test)
    if configuration.train.isEmpty {
      data = [testData]
      // Labels of a single class, or none, tell nothing apart.
      let alone = LabelledData(test)
      labelled = (try? alone.classes()) == nil ? nil : alone
      return
    }
    let (trainData, train) = try open(configuration.train)
    data = [testData, trainData]
    labelled = LabelledData(
      train: train, test: test, paths: (configuration.train.description, configuration.test.description))
    _ = try labelled?.classes()
  }

  /// The bytes that it takes beside the model.
  static func bytes(_ configuration: PretrainingConfiguration, threads: Int) -> Int {
    let evaluation = configuration.evaluation
    guard !evaluation.test.isEmpty else { return 0 }
    let images = [evaluation.test, evaluation.train].filter { !$0.isEmpty }.reduce(0) { count, path in
      // That a set cannot be opened is said where it is needed.
      let images = (try? openSource(at: path, options: configuration.decodingOptions))?.count
      return count + min(images ?? evaluation.mostImages, evaluation.mostImages)
    }
    // Features, those brought to unit length or standardised, and those that are held out.
    let features = 3 * images * configuration.model.encoder.width * MemoryLayout<Float>.stride
    return features + threads * HeldOutReconstruction.bytes(configuration)
  }

  func isDue(afterEpoch epoch: Int, of epochs: Int) -> Bool { configuration.isDue(afterEpoch: epoch, of: epochs) }

  func evaluate(_ state: EvaluationState) throws -> [MetricValue] {
    let losses = try reconstruction.losses(state, withBaselines: baselines == nil, badImages: policy(state))
    let known = baselines ?? losses
    baselines = known
    var values = [
      MetricValue(Metric(name: "test_loss"), losses.model),
      MetricValue(Metric(name: "baseline_mean_loss"), known.patchMeans),
      MetricValue(Metric(name: "baseline_interpolation_loss"), known.interpolated),
    ]
    let encoder = FrozenEncoder(task.model.encoder, input: task.imageInput, parameters: state.parameters, owner: self)
    let kind = FeatureKind.encoder(encoder, configuration.pooling)
    let crop = CenterCrop.usual(for: task.imageInput.shape)
    guard let labelled else {
      let features = try FeatureExtractor(
        kind, of: test, crop: crop, pool: state.pool, communicator: state.communicator
      ).all(badImages: policy(state), advance: state.advance)
      values.append(MetricValue(Metric(name: "rankme"), rankMe(features.rows)))
      state.advance()
      return values
    }
    let features = try labelled.features(
      kind, crop: crop, pool: state.pool, badImages: policy(state), communicator: state.communicator,
      advance: state.advance)
    let classes = try state.communicator.together { try labelled.classes(of: features) }
    if let nearest = try neighbors(labelled, features, classes, state) { values.append(nearest) }
    state.advance()
    if !labelled.isLeaveOneOut {
      let regression = try LogisticRegressionEvaluation(
        features, classes: classes, options: LogisticRegressionOptions(strengths: Self.strengths), pool: state.pool,
        communicator: state.communicator, advance: state.advance)
      values.append(MetricValue(Metric(name: "logistic_top1"), regression.report.top1))
    }
    return values
  }

  /// The accuracy of k-NN; nil where there are too few images for it.
  private func neighbors(
    _ labelled: LabelledData, _ features: (train: FeatureSet, test: FeatureSet), _ classes: ClassMatch,
    _ state: EvaluationState
  ) throws -> MetricValue? {
    guard
      let counts = try? NearestNeighborEvaluation.counts(
        Self.neighborCounts, isChosen: true, images: features.train.count, isLeaveOneOut: labelled.isLeaveOneOut)
    else {
      warnOnce("k-NN of \(Self.neighborCounts[0]) neighbours wants more than \(features.train.count) images", state)
      return nil
    }
    let result = try NearestNeighborEvaluation(
      labelled, features, classes: classes, options: NearestNeighborOptions(counts: counts), pool: state.pool,
      communicator: state.communicator)
    return MetricValue(Metric(name: "knn_top1"), result.reports[0].report.top1)
  }

  private func policy(_ state: EvaluationState) -> BadImagePolicy {
    BadImagePolicy { [self] sample in warnOnce("left out of the evaluation: \(sample)", state) }
  }

  private func warnOnce(_ sentence: String, _ state: EvaluationState) {
    if hasWarned.insert(sentence).inserted { state.warn(sentence) }
  }
}
