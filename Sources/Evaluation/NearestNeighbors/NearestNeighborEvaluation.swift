import Collectives
import Compute
import Training

/// How well the nearest neighbours of a test set's images tell their classes.
public struct NearestNeighborEvaluation: Sendable {
  /// For each k, ascending.
  public let reports: [(k: Int, report: ClassificationReport)]

  /// Takes the vote of all images. All ranks call it, and get the same.
  ///
  /// - Parameters:
  ///   - classes: of the images that have features.
  ///   - options: with numbers as ``counts(_:isChosen:images:isLeaveOneOut:)`` gives them.
  public init(
    _ data: LabelledData, _ features: (train: FeatureSet, test: FeatureSet), classes: ClassMatch,
    options: NearestNeighborOptions, pool: WorkerPool, communicator: any Communicator
  ) throws {
    let classifier = NearestNeighborClassifier(options: options, communicator: communicator, pool: pool)
    let (train, test) = features
    // The sets are then one, and so are their rows.
    let excluded: [Int?] = data.isLeaveOneOut ? Array(0..<test.count) : Array(repeating: nil, count: test.count)
    let answers = try classifier.classify(
      train: train.rows, labels: classes.trainLabels, test: test.rows, excluding: excluded)
    reports = zip(options.counts, answers).map { k, answers in
      let report = ClassificationReport(
        classNames: classes.classNames, labels: classes.testLabels, answers: answers,
        imageName: { test.source.name(of: test.indices[$0]) })
      return (k, report)
    }
  }

  /// The numbers of neighbours of `wanted` that the train set has.
  ///
  /// - Parameter isChosen: whether somebody named the numbers; each must do then.
  /// - Throws: it has too few.
  public static func counts(
    _ wanted: [Int], isChosen: Bool, images: Int, isLeaveOneOut: Bool
  ) throws(LabelError) -> [Int] {
    let others = isLeaveOneOut ? images - 1 : images
    let fitting = Set(wanted.filter { $0 <= others }).sorted()
    if let large = wanted.filter({ $0 > others }).min(), isChosen || fitting.isEmpty {
      throw .tooManyNeighbors(k: large, images: others, isLeaveOneOut: isLeaveOneOut)
    }
    return fitting
  }
}
