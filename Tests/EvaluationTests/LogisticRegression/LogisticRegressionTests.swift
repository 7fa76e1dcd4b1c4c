import Collectives
import Compute
import Testing

@testable import Evaluation

@Suite struct LogisticRegressionTests {
  private func regression(
    _ oracle: Oracle, strengths: [Double], threads: Int = 1, tolerance: Double = 1e-5
  ) throws -> LogisticRegression {
    var options = LogisticRegressionOptions(strengths: strengths)
    options.tolerance = tolerance
    return try LogisticRegression(
      oracle.trainRows, labels: oracle.trainLabels, classes: Oracle.classes, options: options,
      pool: try WorkerPool(count: threads), communicator: InProcessCommunicator())
  }

  /// The gradient of f in double precision, by its definition, at W and b.
  private func gradient(_ oracle: Oracle, _ regression: LogisticRegression, strength: Double) -> [Double] {
    let (width, classes) = (Oracle.width, Oracle.classes)
    let count = oracle.trainLabels.count
    var result = [Double](repeating: 0, count: classes * (width + 1))
    for image in 0..<count {
      let row = oracle.trainRows.row(image)
      let x = (0..<width).map {
        (Double(row[$0]) - regression.standardization.mean[$0]) * regression.standardization.scale[$0]
      }
      let logits = (0..<classes).map { label in
        (0..<width).reduce(regression.point[classes * width + label]) {
          $0 + regression.point[label * width + $1] * x[$1]
        }
      }
      let top = logits.max()!
      let powers = logits.map { Elementary.exp($0 - top) }
      let sum = powers.reduce(0, +)
      for label in 0..<classes {
        let error = (powers[label] / sum - (oracle.trainLabels[image] == label ? 1 : 0)) / Double(count)
        for column in 0..<width { result[label * width + column] += error * x[column] }
        result[classes * width + label] += error
      }
    }
    for index in 0..<classes * width { result[index] += strength * regression.point[index] }
    return result
  }

  /// f is strongly convex in W with constant λ, so that W is no farther from the optimum than ‖∇f‖ / λ. The gradient is taken
  /// here in double precision, and the oracle's numbers are rounded to single precision.
  @Test(arguments: [1e-3, 1e-2, 1e-1, 1.0]) func hasScikitLearnsOptimum(strength: Double) throws {
    let oracle = try Oracle()
    defer { extendLifetime(oracle) }
    let regression = try regression(oracle, strengths: [strength])
    #expect(regression.isConverged && regression.trials.isEmpty && regression.strength == strength)
    let gradient = gradient(oracle, regression, strength: strength)
    // The tolerance, and what single precision adds: 256 rows' products of values below 6, of which the mean is taken.
    #expect(gradient.map(abs).max()! <= 1.2e-5)
    let norm = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let weights = try oracle.floats("weight.\(strength)").map(Double.init)
    let squares = zip(weights, regression.point).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let rounding = 1e-7 * weights.reduce(0) { $0 + $1 * $1 }.squareRoot()
    #expect(squares.squareRoot() <= norm / strength + rounding)
    #expect(squares.squareRoot() < 0.05 * weights.reduce(0) { $0 + $1 * $1 }.squareRoot())
  }

  @Test func sameBitsOnAnyThreads() throws {
    let oracle = try Oracle()
    defer { extendLifetime(oracle) }
    let one = try regression(oracle, strengths: [0.3, 0.03, 0.003])
    let three = try regression(oracle, strengths: [0.3, 0.03, 0.003], threads: 3)
    #expect(one.point == three.point && one.trials == three.trials)
    let pool = try WorkerPool(count: 2)
    #expect(one.answers(of: oracle.testRows, pool: pool) == three.answers(of: oracle.testRows, pool: pool))
  }

  @Test func choosesOnWhatIsHeldOut() throws {
    let oracle = try Oracle()
    defer { extendLifetime(oracle) }
    let regression = try regression(oracle, strengths: [1e-4, 1e3, 0.1])
    #expect(regression.trials.map(\.strength) == [1e3, 0.1, 1e-4])
    // So strong a regularisation leaves nothing but the classes' frequencies.
    #expect(regression.trials[0].accuracy < regression.trials[1].accuracy)
    #expect(regression.strength != 1e3)
    let best = try #require(regression.trials.map(\.accuracy).max())
    #expect(regression.strength == regression.trials.first { $0.accuracy == best }?.strength)
    let held = LogisticRegression.isHeldOut(labels: oracle.trainLabels, classes: Oracle.classes)
    // A tenth of each class, rounded.
    for label in 0..<Oracle.classes {
      let ofClass = oracle.trainLabels.indices.filter { oracle.trainLabels[$0] == label }
      #expect(ofClass.filter { held[$0] }.count == (ofClass.count + 4) / 10)
    }
  }

  @Test func tooFewImagesToHoldAnyOut() throws {
    let rows = AlignedBuffer<Float>([1, 2, 3, 4, 5, 6])
    defer { extendLifetime(rows) }
    let error = #expect(throws: (any Error).self) {
      try LogisticRegression(
        rows.all.reshaped(rows: 6, columns: 1), labels: [0, 0, 0, 1, 1, 1], classes: 2,
        options: LogisticRegressionOptions(), pool: try WorkerPool(count: 1), communicator: InProcessCommunicator())
    }
    #expect("\(try #require(error))".contains("name one with --strength"))
  }

  /// In single precision the probabilities of the second and the third class are zero, and the logits tell them apart.
  @Test func answersAreRankedByTheirLogits() throws {
    let row = AlignedBuffer<Float>([1])
    defer { extendLifetime(row) }
    // W of four classes, then b.
    let point: [Double] = [0, -120, -110, 3, 0, 0, 0, 0]
    let answers = SoftmaxLoss.answers(
      of: row.all.reshaped(rows: 1, columns: 1), at: point, classes: 4, pool: try WorkerPool(count: 1))
    #expect(answers.map(\.classes) == [[3, 0, 2, 1]])
  }

  private func evaluation(
    _ oracle: Oracle, strengths: [Double], mostIterations: Int
  ) throws -> LogisticRegressionEvaluation {
    let names = (0..<Oracle.classes).map { "\($0)" }
    func features(_ rows: Matrix, _ labels: [Int]) -> FeatureSet {
      FeatureSet(
        LabelledSource(names, labels), width: Oracle.width, rows: AlignedBuffer<Float>(rows.flat.array), leftOut: [])
    }
    let (train, test) = (
      features(oracle.trainRows, oracle.trainLabels), features(oracle.testRows, oracle.testLabels)
    )
    var options = LogisticRegressionOptions(strengths: strengths)
    options.mostIterations = mostIterations
    return try LogisticRegressionEvaluation(
      (train, test),
      classes: try ClassMatch(
        train: (train.source, train.indices), test: (test.source, test.indices), paths: ("train", "test")),
      options: options, pool: try WorkerPool(count: 1), communicator: InProcessCommunicator())
  }

  @Test func trialsThatDidNotReachTheirOptimumAreNamed() throws {
    let oracle = try Oracle()
    defer { extendLifetime(oracle) }
    let hurried = try evaluation(oracle, strengths: [0.1, 0.01, 0.001], mostIterations: 2)
    #expect(!hurried.isConverged)
    #expect(
      hurried.notes.contains { $0.contains("the trials of the strengths 0.1, 0.01, 0.001 ended without reaching") })
    let patient = try evaluation(oracle, strengths: [1, 0.1], mostIterations: 1000)
    #expect(patient.isConverged && !patient.notes.contains { $0.contains("trials") } && patient.isAtEndOfRange)
  }

  @Test func aClassOfSixImagesIsEnoughToChooseBy() throws {
    func canChoose(_ labels: [Int]) throws -> Bool {
      let source = LabelledSource(["a", "b"], labels)
      return LogisticRegressionEvaluation.canChoose(
        by: try ClassMatch(
          train: (source, Array(labels.indices)), test: (source, [0]), paths: ("train", "test")))
    }
    #expect(try !canChoose([0, 0, 0, 0, 0, 1, 1, 1, 1, 1]))
    #expect(try canChoose([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]))
  }

  /// More rows than a chunk, more features than one: a gradient is that of the function, by differences.
  @Test func gradientOfTheLoss() throws {
    let count = 700
    let rows = AlignedBuffer<Float>(
      (0..<count * 3).map { index -> Float in
        let step = index * 7919 % 1000
        return Float(step) / 500 - 1
      })
    defer { extendLifetime(rows) }
    let labels = (0..<count).map { $0 * 31 % 4 }
    let loss = SoftmaxLoss(
      rows.all.reshaped(rows: count, columns: 3), labels: labels, classes: 4, pool: try WorkerPool(count: 2))
    var point = (0..<loss.parameterCount).map { Double($0 % 5) / 8 - 0.25 }
    var gradient = [Double](repeating: 0, count: point.count)
    _ = loss.value(at: point, strength: 0.5, gradient: &gradient)
    var unused = gradient
    for index in point.indices {
      let middle = point[index]
      // A power of two far above the rounding of W to single precision.
      point[index] = middle + 0x1p-6
      let above = loss.value(at: point, strength: 0.5, gradient: &unused)
      point[index] = middle - 0x1p-6
      let below = loss.value(at: point, strength: 0.5, gradient: &unused)
      point[index] = middle
      // The third derivative of a mean of such losses is below one, and a loss below four is rounded to 2⁻²³ at worst.
      #expect(abs((above - below) / 0x1p-5 - gradient[index]) <= 0x1p-12 / 6 + 0x1p-17)
    }
  }

  /// A feature that is the same everywhere says nothing, whatever its value.
  @Test func constantFeatures() {
    let rows = AlignedBuffer<Float>([7, 1, 7, 3, 7, 5])
    defer { extendLifetime(rows) }
    let standardization = Standardization(of: rows.all.reshaped(rows: 3, columns: 2))
    #expect(standardization.mean == [7, 3] && standardization.scale[0] == 0)
    #expect(standardization.scale[1] == 1 / (8.0 / 3).squareRoot())
  }
}
