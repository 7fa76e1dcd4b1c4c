import Collectives
import Compute
import Testing

@testable import Evaluation

@Suite struct NearestNeighborTests {
  private func classify(
    _ train: Matrix, _ labels: [Int], _ test: Matrix, _ counts: [Int], threads: Int = 1, leaveOneOut: Bool = false
  ) throws -> [[ClassAnswer]] {
    let classifier = NearestNeighborClassifier(
      options: NearestNeighborOptions(counts: counts), communicator: InProcessCommunicator(),
      pool: try WorkerPool(count: threads))
    return try classifier.classify(
      train: train, labels: labels, test: test,
      excluding: leaveOneOut ? Array(0..<test.rows) : Array(repeating: nil, count: test.rows))
  }

  /// The share of votes agrees with scikit-learn's. A cosine in single precision of 20 terms is off by less than
  /// 22·2⁻²⁴, so a vote's weight by a factor of e^(2·22·2⁻²⁴/0.07) at most (its own cosine and the nearest one's), and a share
  /// by twice that: 8e-5. Which neighbours vote may differ where two are as near as that: in this data none is.
  @Test(arguments: [(10, false), (20, false), (100, false), (200, false), (10, true), (200, true)])
  func votesAsScikitLearnSays(k: Int, leaveOneOut: Bool) throws {
    let oracle = try Oracle()
    defer { extendLifetime(oracle) }
    let test = leaveOneOut ? oracle.trainRows : oracle.testRows
    let answers = try classify(
      oracle.trainRows, oracle.trainLabels, test, [10, 20, 100, 200], leaveOneOut: leaveOneOut)
    let votes = try oracle.floats(leaveOneOut ? "alone.\(k)" : "votes.\(k)")
    let ours = answers[[10, 20, 100, 200].firstIndex(of: k)!]
    #expect(ours.count == test.rows)
    for (index, answer) in ours.enumerated() {
      let shares = Array(votes[index * Oracle.classes..<(index + 1) * Oracle.classes])
      let order = shares.indices.sorted { (shares[$0], $1) > (shares[$1], $0) }.filter { shares[$0] > 0 }
      #expect(abs(answer.confidence - Double(shares[order[0]])) <= 8e-5)
      // Classes of nearly equal shares may change places.
      for (place, label) in answer.classes.enumerated() {
        #expect(abs(shares[label] - shares[order[place]]) <= 1.6e-4, "image \(index)")
      }
      #expect(answer.classes.count == min(5, order.count))
    }
  }

  @Test func sameBitsOnAnyThreads() throws {
    let oracle = try Oracle()
    defer { extendLifetime(oracle) }
    // More images than a block of queries, and more rows than a block of them.
    let many = AlignedBuffer<Float>((0..<13).flatMap { time in oracle.train.all.array.map { $0 + Float(time) * 0.01 } })
    defer { extendLifetime(many) }
    let rows = many.all.reshaped(rows: 13 * 400, columns: Oracle.width)
    let labels = (0..<13).flatMap { _ in oracle.trainLabels }
    let one = try classify(rows, labels, oracle.trainRows, [10, 50])
    #expect(try classify(rows, labels, oracle.trainRows, [10, 50], threads: 3) == one)
    // The ten nearest of an image are its own copies; among fifty are others.
    #expect(Set(one[1].map(\.confidence)).count > 100)
  }

  /// Four rows that lie in two directions: by hand.
  @Test func tiesAreSettled() throws {
    let train = AlignedBuffer<Float>([3, 0, 1, 0, 0, 2, 0, 5])
    let test = AlignedBuffer<Float>([2, 2, 0, 1])
    defer {
      extendLifetime(train)
      extendLifetime(test)
    }
    let answers = try classify(
      train.all.reshaped(rows: 4, columns: 2), [1, 0, 0, 1], test.all.reshaped(rows: 2, columns: 2), [1, 2, 3, 4])
    // All are equally near to the first image: the neighbours come in their order, and of equal votes the first class wins.
    #expect(answers.map { $0[0].classes } == [[1], [0, 1], [0, 1], [0, 1]])
    // A row as long as another or not is as near. The third neighbour of the second image, at a right angle to it, decides
    // between two votes that are equal, and the fourth makes them equal again.
    #expect(answers.map { $0[1].first } == [0, 0, 1, 0])
    #expect(answers[3][0].confidence == 0.5)
  }

  /// The copy of an image is a neighbour; the image itself is none, wherever it would come among equally near ones.
  @Test func leavesOutByIndexAndNotByPlace() throws {
    let rows = AlignedBuffer<Float>([1, 0, 1, 0, 0, 1, 0, 1])
    defer { extendLifetime(rows) }
    let matrix = rows.all.reshaped(rows: 4, columns: 2)
    let answers = try classify(matrix, [0, 1, 2, 3], matrix, [1], leaveOneOut: true)
    #expect(answers[0].map(\.first) == [1, 0, 3, 2])
  }

  @Test func keepsTheNearestOfWhateverOrder() {
    let values: [Float] = (0..<97).map { Float($0 * 41 % 23) }
    let buffer = AlignedBuffer<Float>(values)
    defer { extendLifetime(buffer) }
    for limit in [1, 2, 5, 40, 97, 200] {
      var neighbors = Neighbors(limit: limit)
      neighbors.offer(buffer.all[0..<50], first: 0, excluding: 7)
      neighbors.offer(buffer.all[50..<97], first: 50, excluding: 7)
      let expected = values.indices.filter { $0 != 7 }.sorted { (values[$0], $1) > (values[$1], $0) }.prefix(limit)
      #expect(neighbors.sorted().map { Int($0.row) } == Array(expected))
    }
  }

  @Test func numbersOfNeighbors() throws {
    func counts(_ wanted: [Int], _ chosen: Bool, _ images: Int, _ alone: Bool = false) throws -> [Int] {
      try NearestNeighborEvaluation.counts(wanted, isChosen: chosen, images: images, isLeaveOneOut: alone)
    }
    #expect(try counts([200, 10, 20, 10], true, 200) == [10, 20, 200])
    #expect(try counts([10, 20, 100, 200], false, 100) == [10, 20, 100])
    #expect(try counts([10, 20, 100, 200], false, 100, true) == [10, 20])
    #expect(throws: LabelError.tooManyNeighbors(k: 200, images: 199, isLeaveOneOut: true)) {
      try counts([10, 200], true, 200, true)
    }
    #expect(throws: LabelError.tooManyNeighbors(k: 10, images: 9, isLeaveOneOut: false)) {
      try counts([10, 20], false, 9)
    }
  }
}
