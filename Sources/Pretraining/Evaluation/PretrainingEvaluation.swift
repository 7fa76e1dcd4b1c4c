import Compute
import Datasets
import Evaluation
import Files
import Imaging
import Reporting
import Training

/// What is looked at after epochs: the loss on held-out images beside what it costs to know nothing, and what the encoder's
/// features are good for.
final class PretrainingEvaluation: EpochEvaluation {
  let data: [Training.EvaluationData]
  let notes: [String]
  private let configuration: EvaluationConfiguration
  private let task: MaskedAutoencoding
  private let reconstruction: HeldOutReconstruction
  private let test: any ImageSource
  /// Where both sets have labels.
  private let labelled: LabelledData?
  /// What it costs to know nothing, once it has been counted.
  private var baselines: HeldOutReconstruction.Losses?
  private var hasWarned: Set<String> = []

  /// Few, as this is done again and again: a decade apart, down to the weakest of `mae probe`.
  private static let strengths = [-1.5, -2.5, -3.5, -4.5, -5.5].map { Elementary.pow(10, $0) }
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
      notes = []
      return
    }
    let (trainData, train) = try open(configuration.train)
    data = [testData, trainData]
    let paths = (train: configuration.train.description, test: configuration.test.description)
    // What the sets themselves lack is refused here; below is what only the choice of their images lacks.
    let all = [trainData, testData].map { ($0.source, Array(0..<$0.source.count)) }
    _ = try ClassMatch(train: all[0], test: all[1], paths: paths)
    let sets = try LabelledData(train: train, test: test, paths: paths)
    labelled = sets
    notes = try Self.notes(of: sets, configuration)
    hasWarned = Set(notes)
  }

  /// What of the evaluation must be left out, as far as labels tell.
  private static func notes(of data: LabelledData, _ configuration: EvaluationConfiguration) throws -> [String] {
    let found: (classes: ClassMatch, unknown: [String])
    do throws(LabelError) {
      found = try data.knownClasses()
    } catch {
      guard case .singleClass(let path, let name) = error else { throw error }
      throw SingleClassChosen(path: path, name: name, mostImages: configuration.mostImages)
    }
    if data.isLeaveOneOut {
      return [
        "eval.train and eval.test are the same images: k-NN judges each by all others, and no logistic regression is made"
      ]
    }
    var notes: [String] = []
    if let first = found.unknown.first {
      let classes =
        found.unknown.count == 1 ? "the class \(first)" : "\(found.unknown.count) classes, such as \(first)"
      notes.append(
        "k-NN and logistic regression leave out the images that eval.test has of \(classes): eval.max_images "
          + "(\(configuration.mostImages)) takes none of theirs from eval.train; raise it to judge them too")
    }
    if !LogisticRegressionEvaluation.canChoose(by: found.classes) { notes.append(tooFewToChoose) }
    return notes
  }

  private static let tooFewToChoose =
    "no class of eval.train has six images that are taken, so that none can be held out to choose a strength by: no "
    + "logistic regression is made"

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
    let features: FeatureSet
    if let labelled {
      let sets = try labelled.features(
        kind, crop: crop, pool: state.pool, badImages: policy(state), communicator: state.communicator,
        advance: state.advance)
      features = sets.test
      values += try accuracies(labelled, labelled.withoutUnknownClasses(sets), state)
    } else {
      features = try FeatureExtractor(
        kind, of: test, crop: crop, pool: state.pool, communicator: state.communicator
      ).all(badImages: policy(state), advance: state.advance)
    }
    values.append(MetricValue(Metric(name: "rankme"), rankMe(features.rows)))
    extendLifetime(features)
    state.advance()
    return values
  }

  /// How well the classes of the test images are told, as far as there are images to tell them by.
  private func accuracies(
    _ labelled: LabelledData, _ features: (train: FeatureSet, test: FeatureSet), _ state: EvaluationState
  ) throws -> [MetricValue] {
    guard features.test.count > 0 else {
      warnOnce("no image of eval.test is of a class that eval.train has images of: no accuracy is found", state)
      return []
    }
    var values: [MetricValue] = []
    let classes = try state.communicator.together { try labelled.classes(of: features) }
    if let nearest = try neighbors(labelled, features, classes, state) { values.append(nearest) }
    state.advance()
    if labelled.isLeaveOneOut { return values }
    guard LogisticRegressionEvaluation.canChoose(by: classes) else {
      warnOnce(Self.tooFewToChoose, state)
      return values
    }
    let regression = try LogisticRegressionEvaluation(
      features, classes: classes, options: LogisticRegressionOptions(strengths: Self.strengths), pool: state.pool,
      communicator: state.communicator, advance: state.advance)
    if !regression.isConverged {
      warnOnce(
        "a logistic regression of the evaluation ended without reaching its optimum: logistic_top1 may be a little too low",
        state)
    }
    if regression.isAtEndOfRange {
      warnOnce(
        "the best strength of the evaluation's logistic regression was at an end of its range: logistic_top1 may be a little "
          + "too low; mae probe tries more strengths", state)
    }
    values.append(MetricValue(Metric(name: "logistic_top1"), regression.report.top1))
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
    BadImagePolicy(
      allowedFraction: max(BadImagePolicy.usualFraction, task.configuration.data.maxBadFraction),
      key: "data.max_bad_fraction"
    ) { [self] sample in warnOnce("left out of the evaluation: \(sample)", state) }
  }

  private func warnOnce(_ sentence: String, _ state: EvaluationState) {
    if hasWarned.insert(sentence).inserted { state.warn(sentence) }
  }
}

/// The images that `eval.max_images` takes of `eval.train` tell nothing apart, although its other images would.
struct SingleClassChosen: UsageError {
  let path: String
  let name: String
  let mostImages: Int

  var description: String {
    "all images that eval.max_images (\(mostImages)) takes of eval.train (\(escaped(path))) are of the class \"\(name)\", so that there "
      + "is nothing to tell apart; raise it"
  }

  var isUsage: Bool { true }
}
