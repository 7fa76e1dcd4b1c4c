import Collectives
import Compute
import Training

/// What logistic regression on features is told.
public struct LogisticRegressionOptions: Sendable, Equatable {
  /// Twelve strengths from 1 to 10^(−5.5), half a decade apart.
  public static let usualStrengths = (0..<12).map { Elementary.pow(10, -0.5 * Double($0)) }

  /// λ of ½·λ·‖W‖² beside the mean loss of an image. Of several one is chosen on a held-out part of the train set.
  public var strengths: [Double]
  /// Where no part of the gradient is larger, the optimum is found.
  public var tolerance = 1e-5
  public var mostIterations = 1000

  public init(strengths: [Double] = Self.usualStrengths) {
    precondition(!strengths.isEmpty && strengths.allSatisfy { $0 > 0 }, "strengths above zero")
    self.strengths = strengths.sorted(by: >)
  }
}

/// Regularised multinomial logistic regression on standardised features: how well a linear layer would do, by its optimum.
///
/// Of each class every tenth image is held out, strengths are compared by how many of those are answered right, the
/// stronger of equal ones is taken, and the regression is made once more on all of the train set. DINOv3's
/// evaluation by logistic regression goes the same way.
///
/// Ranks share the strengths, and threads the rows; no bit depends on either.
public struct LogisticRegression: Sendable {
  public struct Trial: Sendable, Equatable {
    public let strength: Double
    /// The share of held-out images that are answered right.
    public let accuracy: Double
    public let iterations: Int
    public let isConverged: Bool
  }

  /// Of each strength, the strongest first; empty where there was nothing to choose.
  public let trials: [Trial]
  public let strength: Double
  /// Of the last regression.
  public let iterations: Int
  public let isConverged: Bool
  let standardization: Standardization
  /// W, [classes, D], then b, [classes], of standardised features.
  let point: [Double]
  let classes: Int

  /// All ranks call it, and get the same.
  ///
  /// - Parameters:
  ///   - rows: [N, D].
  ///   - labels: the class of each row.
  ///   - advance: is called before every look at all rows.
  /// - Throws: on all ranks: there is a strength to choose, and too few images to hold any out.
  init(
    _ rows: Matrix, labels: [Int], classes: Int, options: LogisticRegressionOptions, pool: WorkerPool,
    communicator: any Communicator, advance: () -> Void = {}
  ) throws {
    standardization = Standardization(of: rows)
    let standardized = StandardizedRows(rows, standardization, pool: pool)
    defer { extendLifetime(standardized) }
    self.classes = classes
    trials =
      options.strengths.count > 1
      ? try Self.trials(standardized.rows, labels, classes, options, pool, communicator, advance) : []
    // The strongest comes first, and only a better one takes its place.
    strength =
      trials.reduce(nil as Trial?) { best, trial in
        best.map { trial.accuracy > $0.accuracy ? trial : $0 } ?? trial
      }?.strength ?? options.strengths[0]
    let result = Self.fit(standardized.rows, labels, classes, strength, options, pool, advance)
    (point, iterations, isConverged) = (result.point, result.iterations, result.isConverged)
  }

  /// Every tenth image of a class, the sixth being the first.
  static func isHeldOut(labels: [Int], classes: Int) -> [Bool] {
    var counts = [Int](repeating: 0, count: classes)
    return labels.map { label in
      defer { counts[label] += 1 }
      return counts[label] % 10 == 5
    }
  }

  private static func trials(
    _ rows: Matrix, _ labels: [Int], _ classes: Int, _ options: LogisticRegressionOptions, _ pool: WorkerPool,
    _ communicator: any Communicator, _ advance: () -> Void
  ) throws -> [Trial] {
    let isHeldOut = isHeldOut(labels: labels, classes: classes)
    let (kept, held) = (labels.indices.filter { !isHeldOut[$0] }, labels.indices.filter { isHeldOut[$0] })
    try communicator.together {
      if held.isEmpty { throw LabelError.tooFewImages(perClass: 6) }
    }
    let (fitted, judged) = (SelectedRows(rows, kept), SelectedRows(rows, held))
    defer { extendLifetime((fitted, judged)) }
    let keptLabels = kept.map { labels[$0] }
    var mine: [Double] = []
    for index in stride(from: communicator.rank, to: options.strengths.count, by: communicator.size) {
      let result = fit(fitted.rows, keptLabels, classes, options.strengths[index], options, pool, advance)
      let answers = SoftmaxLoss.answers(of: judged.rows, at: result.point, classes: classes, pool: pool)
      let right = zip(held, answers).reduce(0) { $0 + (labels[$1.0] == $1.1.first ? 1 : 0) }
      mine += [Double(index), Double(right), Double(result.iterations), result.isConverged ? 1 : 0]
    }
    var trials: [Int: Trial] = [:]
    for numbers in try communicator.allgather(mine) {
      for start in stride(from: 0, to: numbers.count, by: 4) {
        trials[Int(numbers[start])] = Trial(
          strength: options.strengths[Int(numbers[start])], accuracy: numbers[start + 1] / Double(held.count),
          iterations: Int(numbers[start + 2]), isConverged: numbers[start + 3] == 1)
      }
    }
    return options.strengths.indices.map { trials[$0]! }
  }

  private static func fit(
    _ rows: Matrix, _ labels: [Int], _ classes: Int, _ strength: Double, _ options: LogisticRegressionOptions,
    _ pool: WorkerPool, _ advance: () -> Void
  ) -> LimitedMemoryBFGS.Result {
    let loss = SoftmaxLoss(rows, labels: labels, classes: classes, pool: pool)
    let method = LimitedMemoryBFGS(tolerance: options.tolerance, mostIterations: options.mostIterations)
    return method.minimize(from: [Double](repeating: 0, count: loss.parameterCount)) { point, gradient in
      advance()
      return loss.value(at: point, strength: strength, gradient: &gradient)
    }
  }

  /// - Parameter rows: features as they are, [N, D].
  func answers(of rows: Matrix, pool: WorkerPool) -> [ClassAnswer] {
    let standardized = StandardizedRows(rows, standardization, pool: pool)
    defer { extendLifetime(standardized) }
    return SoftmaxLoss.answers(of: standardized.rows, at: point, classes: classes, pool: pool)
  }
}

/// Some rows of a matrix, in memory of their own.
private final class SelectedRows: @unchecked Sendable {
  let rows: Matrix
  private let memory: AlignedBuffer<Float>

  init(_ source: Matrix, _ indices: [Int]) {
    memory = AlignedBuffer(repeating: 0, count: indices.count * source.columns)
    rows = memory.all.reshaped(rows: indices.count, columns: source.columns)
    for (place, index) in indices.enumerated() {
      copyRows(output: rows.rows(place..<place + 1), input: source.rows(index..<index + 1))
    }
  }
}
