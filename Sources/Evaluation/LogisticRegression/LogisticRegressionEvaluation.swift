import Collectives
import Compute
import Foundation
import Training

/// How well a logistic regression on features of the train set tells the classes of the test set.
public struct LogisticRegressionEvaluation: Sendable {
  public let regression: LogisticRegression
  public let report: ClassificationReport

  /// All ranks call it, and get the same.
  ///
  /// - Parameters:
  ///   - classes: of the images that have features.
  ///   - advance: is called after every look at all rows.
  /// - Throws: on all ranks alike: there are too few images to choose a strength by.
  public init(
    _ features: (train: FeatureSet, test: FeatureSet), classes: ClassMatch, options: LogisticRegressionOptions,
    pool: WorkerPool, communicator: any Communicator, advance: () -> Void = {}
  ) throws {
    let (train, test) = features
    regression = try LogisticRegression(
      train.rows, labels: classes.trainLabels, classes: classes.classNames.count, options: options, pool: pool,
      communicator: communicator, advance: advance)
    report = ClassificationReport(
      classNames: classes.classNames, labels: classes.testLabels,
      answers: regression.answers(of: test.rows, pool: pool),
      imageName: { test.source.name(of: test.indices[$0]) })
  }

  /// Whether a class of the train set has so many images that some can be held out to choose a strength by.
  package static func canChoose(by classes: ClassMatch) -> Bool {
    LogisticRegression.isHeldOut(labels: classes.trainLabels, classes: classes.classNames.count).contains(true)
  }

  /// Whether the regression and all that its strength was chosen by reached their optima.
  package var isConverged: Bool { regression.isConverged && unfinished.isEmpty }

  /// The strengths whose trials ended before their optimum.
  private var unfinished: [Double] { regression.trials.filter { !$0.isConverged }.map(\.strength) }

  /// Whether the best of the strengths has none beyond it that it was compared with.
  package var isAtEndOfRange: Bool {
    let trials = regression.trials
    return trials.first?.strength == regression.strength || trials.last?.strength == regression.strength
  }

  /// What deserves to be said of how it was found, a sentence each.
  public var notes: [String] {
    var notes: [String] = []
    if !regression.isConverged {
      notes.append(
        "the regression of strength \(Self.text(regression.strength)) ended after \(regression.iterations) iterations without reaching "
          + "its optimum")
    }
    if !unfinished.isEmpty {
      notes.append(
        "the trials of the strengths \(unfinished.map(Self.text).joined(separator: ", ")) ended without reaching their "
          + "optimum, so that their part in the choice is uncertain")
    }
    if isAtEndOfRange {
      notes.append(
        "the best strength, \(Self.text(regression.strength)), is at the end of the range; one beyond it, named with "
          + "--strength, may do better")
    }
    return notes
  }

  /// A strength in few digits.
  public static func text(_ strength: Double) -> String { String(format: "%.2g", strength) }
}
