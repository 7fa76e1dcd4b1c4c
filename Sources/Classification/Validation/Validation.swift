import Compute
import Datasets
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
  private static let (loss, accuracy) = (Metric(name: "validation_loss"), Metric(name: "validation_accuracy"))
  private static let topFive = Metric(name: "validation_top_5_accuracy")

  let data: [EvaluationData]
  var score: Metric? { Self.accuracy }
  private let configuration: ClassificationConfiguration
  private let source: any ImageSource
  private let classes: ValidationClasses
  private let imagesPerUnit: Int
  private let threads: [ValidationThread]

  /// - Parameters:
  ///   - path: of the images that it is tried on.
  ///   - trained: the images that are trained on.
  init(_ task: ImageClassification, of path: DataPaths, trainedOn trained: any ImageSource, threads: Int) throws {
    configuration = task.configuration
    source = try openSource(at: path, options: configuration.decodingOptions)
    try source.requireChannels(configuration.model.channels)
    data = [EvaluationData(path: path, source: source)]
    let classes = try ValidationClasses(
      of: source, at: path.description, trained: trained.classNames,
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

  static func bytes(_ configuration: ClassificationConfiguration, threads: Int) -> Int {
    threads * (plan(configuration).ownBytes + configuration.imageShape.count)
  }

  func isDue(afterEpoch epoch: Int, of epochs: Int) -> Bool {
    epoch.isMultiple(of: configuration.validation.everyEpochs) || epoch == epochs
  }

  func evaluate(_ state: EvaluationState) throws -> [MetricValue] {
    let outcomes = try outcomes(state)
    let used = outcomes.compactMap(\.self)
    let limit = configuration.data.maxBadFraction
    guard Double(outcomes.count - used.count) <= limit * Double(outcomes.count), !used.isEmpty else {
      try state.communicator.together { () throws -> Void in
        throw ClassificationError.tooManyBadImages(
          path: data[0].path.description, count: outcomes.count - used.count, of: outcomes.count,
          limit: limit)
      }
      return []
    }
    let count = Double(used.count)
    func share(within places: Int) -> Double { Double(used.count { $0.place < places }) / count }
    var values = [
      MetricValue(Self.loss, used.reduce(0) { $0 + $1.loss } / count),
      MetricValue(Self.accuracy, share(within: 1)),
    ]
    if configuration.model.classes > 5 { values.append(MetricValue(Self.topFive, share(within: 5))) }
    return values
  }

  /// What came of each image, in order; nil where it cannot be used.
  private func outcomes(_ state: EvaluationState) throws -> [ImageOutcome?] {
    let (communicator, count) = (state.communicator, source.count)
    let units = (count + imagesPerUnit - 1) / imagesPerUnit
    let mine = units * communicator.rank / communicator.size..<units * (communicator.rank + 1) / communicator.size
    let first = min(count, mine.lowerBound * imagesPerUnit)
    let images = first..<min(count, mine.upperBound * imagesPerUnit)
    let found = Monitor([Int: Result<ImageOutcome, DatasetError>]())
    for begin in stride(from: mine.lowerBound, to: mine.upperBound, by: state.pool.count) {
      let (threads, imagesPerUnit) = (threads, imagesPerUnit)
      let model = TriedModel(parameters: state.parameters, rounded: state.rounded)
      state.pool.run { thread in
        let unit = begin + thread
        guard unit < mine.upperBound else { return }
        let outcomes = threads[thread].classify(
          unit * imagesPerUnit..<min(count, (unit + 1) * imagesPerUnit), model)
        found.withLock { $0.merge(outcomes) { _, new in new } }
      }
      state.advance()
    }
    let results = found.withLock { $0 }
    var bad: [String] = []
    let values: [Double] = try communicator.together {
      try images.flatMap { image -> [Double] in
        switch results[image]! {
        case .success(let outcome): return [1, outcome.loss, Double(outcome.place)]
        case .failure(.badImage(let sample)):
          bad.append(sample.description)
          return [0, 0, 0]
        case .failure(let error): throw error
        }
      }
    }
    for names in try communicator.allgather(bad.joined(separator: "\n")) where !names.isEmpty {
      for name in names.split(separator: "\n") { state.warn("left out of the validation: \(name)") }
    }
    return try communicator.allgather(values).flatMap { values in
      stride(from: 0, to: values.count, by: 3).map { start in
        values[start] == 0 ? nil : ImageOutcome(loss: values[start + 1], place: Int(values[start + 2]))
      }
    }
  }
}
