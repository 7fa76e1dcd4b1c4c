import Compute
import Datasets
import Evaluation
import Imaging
import Reporting
import Training
import VisionTransformer

/// How good a classifier is at images that it was not trained on: resized, cut to the centre, nothing random.
///
/// Images are taken in units of a few, cut by their number alone, and each rank has neighbouring units. What comes of an image
/// depends on nothing but the parameters and its unit, and is added up in the order of the images: the same bits on any ranks
/// and threads.
final class Validation: EpochEvaluation {
  let data: [EvaluationData]
  /// Where there is a moving average of the weights, it is what is kept for.
  var score: Metric? {
    Metric(name: configuration.finetune.emaDecay == nil ? "validation_accuracy" : "validation_ema_accuracy")
  }
  let configuration: ClassificationConfiguration
  let source: any ImageSource
  let classes: ValidationClasses
  private let imagesPerUnit: Int
  private let threads: [ValidationThread]

  /// - Parameters:
  ///   - path: of the images that it is tried on.
  ///   - learned: gives the classes that the classifier learns, to be matched with those of the images.
  init(
    _ task: ImageClassification, of path: DataPaths, learned: (_ names: [String]) throws -> LearnedClasses, threads: Int
  ) throws {
    configuration = task.configuration
    source = try openSource(at: path, options: configuration.decodingOptions)
    try source.requireChannels(configuration.model.channels)
    data = [EvaluationData(path: path, source: source)]
    let classes = try ValidationClasses(
      of: source, at: path.description, trained: try learned(source.classNames),
      onlyPresent: configuration.validation.onlyPresentClasses)
    self.classes = classes
    imagesPerUnit = Self.imagesPerUnit(configuration)
    let plan = Self.plan(configuration)
    let source = source
    self.threads = (0..<threads).map { _ in ValidationThread(task, source: source, classes: classes, plan: plan) }
  }

  /// As few images as give products enough rows to be fast: more only leave other threads without work at the end.
  private static func imagesPerUnit(_ configuration: ClassificationConfiguration) -> Int {
    let tokens = 1 + configuration.model.patches.count
    return max(1, (256 + tokens - 1) / tokens)
  }

  private static func plan(_ configuration: ClassificationConfiguration) -> ClassifierMemoryPlan {
    ClassifierMemoryPlan(
      configuration.classifier, imageCount: imagesPerUnit(configuration), hasBackward: false,
      precision: configuration.train.precision)
  }

  static func bytes(_ task: ImageClassification, threads: Int) -> Int {
    let configuration = task.configuration
    let isRounded = configuration.train.precision == .bf16 && configuration.finetune.emaDecay != nil
    return threads * (plan(configuration).ownBytes + configuration.imageShape.count)
      + (isRounded ? task.table.arenaCount * MemoryLayout<BFloat16>.stride : 0)
  }

  func isDue(afterEpoch epoch: Int, of epochs: Int) -> Bool {
    epoch.isMultiple(of: configuration.validation.everyEpochs) || epoch == epochs
  }

  func evaluate(_ state: EvaluationState) throws -> [MetricValue] {
    let results = try results(state)
    let values =
      results.trained.metrics(prefix: "validation") + (results.average?.metrics(prefix: "validation_ema") ?? [])
    keep(results, score: values.first { $0.metric == score }?.value, state)
    return values
  }

  /// Writes the reports of the best epoch so far and of the last one into the run directory, on rank 0. That they cannot be
  /// written is no reason to stop.
  private func keep(_ results: ValidationResults, score: Double?, _ state: EvaluationState) {
    guard state.communicator.rank == 0 else { return }
    var names: [String] = []
    if let score, score > state.bestScore ?? -.infinity { names.append("best") }
    if state.epoch == configuration.train.epochs { names.append("last") }
    guard !names.isEmpty else { return }
    guard let report = evaluationResult(results, [("step", .count(state.step)), ("epoch", .count(state.epoch))]) else {
      state.warn("no report of the validation was written: the classifier's answers are no finite numbers")
      return
    }
    for name in names {
      let folder = state.runDirectory.evaluation("validation-\(name)")
      do {
        try report.write(to: folder)
      } catch {
        state.warn("the report of the validation could not be written: \(error)")
      }
    }
  }

  /// Tries the classifier on all images, and with the moving average of its weights too, where there is one. All ranks call it,
  /// and get the same.
  ///
  /// - Throws: on all ranks alike: too many images cannot be used.
  func results(_ state: EvaluationState) throws -> ValidationResults {
    let trained = try result(of: TriedModel(parameters: state.parameters, rounded: state.rounded), state)
    guard let average = state.average else { return ValidationResults(trained: trained, average: nil) }
    let rounded = AlignedBuffer<BFloat16>(repeating: BFloat16(0), count: state.rounded.count)
    defer { extendLifetime(rounded) }
    if rounded.count > 0 { convert(output: rounded.all, input: average) }
    return ValidationResults(
      trained: trained, average: try result(of: TriedModel(parameters: average, rounded: rounded.all), state))
  }

  private func result(of model: TriedModel, _ state: EvaluationState) throws -> ValidationResult {
    let outcomes = try outcomes(of: model, state)
    let bad = outcomes.count { $0 == nil }
    let limit = configuration.data.maxBadFraction
    try state.communicator.together {
      guard Double(bad) <= limit * Double(outcomes.count), bad < outcomes.count else {
        throw ClassificationError.tooManyBadImages(
          path: data[0].path.description, count: bad, of: outcomes.count, limit: limit)
      }
    }
    return ValidationResult(outcomes, of: source, classes: classes)
  }

  /// What came of each image, in order; nil where it cannot be used.
  private func outcomes(of model: TriedModel, _ state: EvaluationState) throws -> [ImageOutcome?] {
    let (communicator, count) = (state.communicator, source.count)
    let units = (count + imagesPerUnit - 1) / imagesPerUnit
    let mine = units * communicator.rank / communicator.size..<units * (communicator.rank + 1) / communicator.size
    let first = min(count, mine.lowerBound * imagesPerUnit)
    let images = first..<min(count, mine.upperBound * imagesPerUnit)
    let found = Monitor([Int: Result<ImageOutcome, DatasetError>]())
    for begin in stride(from: mine.lowerBound, to: mine.upperBound, by: state.pool.count) {
      let (threads, imagesPerUnit) = (threads, imagesPerUnit)
      state.pool.run { thread in
        let unit = begin + thread
        guard unit < mine.upperBound else { return }
        let outcomes = threads[thread].classify(
          unit * imagesPerUnit..<min(count, (unit + 1) * imagesPerUnit), model)
        found.withLock { $0.merge(outcomes) { _, new in new } }
      }
      state.advance()
    }
    return try gather(found.withLock { $0 }, of: images, state)
  }

  /// Tells all ranks what each has found.
  ///
  /// - Parameter images: of this rank.
  private func gather(
    _ found: [Int: Result<ImageOutcome, DatasetError>], of images: Range<Int>, _ state: EvaluationState
  ) throws -> [ImageOutcome?] {
    let communicator = state.communicator
    let numbersPerImage = 1 + ImageOutcome.numberCount
    var bad: [String] = []
    let numbers: [Double] = try communicator.together {
      try images.flatMap { image -> [Double] in
        switch found[image]! {
        case .success(let outcome): return [1] + outcome.numbers
        case .failure(.badImage(let sample)):
          bad.append(sample.description)
          return Array(repeating: 0, count: numbersPerImage)
        case .failure(let error): throw error
        }
      }
    }
    for names in try communicator.allgather(bad.joined(separator: "\n")) where !names.isEmpty {
      for name in names.split(separator: "\n") { state.warn("left out of the validation: \(name)") }
    }
    return try communicator.allgather(numbers).flatMap { numbers in
      stride(from: 0, to: numbers.count, by: numbersPerImage).map { start in
        numbers[start] == 0 ? nil : ImageOutcome(numbers: numbers[start + 1..<start + numbersPerImage])
      }
    }
  }
}
