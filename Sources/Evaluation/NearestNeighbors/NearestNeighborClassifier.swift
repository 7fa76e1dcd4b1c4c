import Collectives
import Compute
import Training

/// What k-NN classification is told; the numbers of neighbours and the temperature are those of DINO (Caron et al. 2021).
public struct NearestNeighborOptions: Sendable, Equatable {
  public static let usualCounts = [10, 20, 100, 200]
  /// The numbers k of neighbours that vote, ascending.
  public var counts: [Int]
  /// T: a neighbour's vote weighs e^(cosine / T).
  public var temperature: Double

  public init(counts: [Int] = Self.usualCounts, temperature: Double = 0.07) {
    self.counts = counts
    self.temperature = temperature
  }
}

/// The weighted vote of an image's k nearest neighbours by cosine (Wu et al., "Unsupervised feature learning via
/// non-parametric instance discrimination", 2018, §3.4).
///
/// All is settled: of equally near neighbours the one that comes first is nearer, votes are added up from the nearest
/// neighbour on, and of classes with equal votes the first one wins. Ranks and threads share the images of the test set.
struct NearestNeighborClassifier {
  /// A block of the matrix of similarities, which never is in memory whole.
  private static let queriesPerBlock = 192
  private static let rowsPerBlock = 2048

  let options: NearestNeighborOptions
  let communicator: any Communicator
  let pool: WorkerPool

  /// - Parameters:
  ///   - train: [N, D].
  ///   - labels: the class of each row of `train`.
  ///   - test: [M, D].
  ///   - excluded: of each row of `test`, the row of `train` that is the same image.
  /// - Returns: for each k, what is said of each row of `test`.
  /// - Precondition: no k is larger than the rows of `train` that take part.
  func classify(
    train: Matrix, labels: [Int], test: Matrix, excluding excluded: [Int?]
  ) throws -> [[ClassAnswer]] {
    let (unitTrain, unitTest) = (UnitRows(of: train, pool: pool), UnitRows(of: test, pool: pool))
    defer { extendLifetime((unitTrain, unitTest)) }
    let blocks = (test.rows + Self.queriesPerBlock - 1) / Self.queriesPerBlock
    func firstBlock(of rank: Int) -> Int { blocks * rank / communicator.size }
    let mine = firstBlock(of: communicator.rank)..<firstBlock(of: communicator.rank + 1)
    let answers = Monitor([Int: [[ClassAnswer]]]())
    let next = Monitor(mine.lowerBound)
    let scratch = (0..<pool.count).map { _ in SimilarityBlock(Self.queriesPerBlock, Self.rowsPerBlock) }
    pool.run { worker in
      while true {
        let block = next.withLock { next in
          defer { next += 1 }
          return next
        }
        guard block < mine.upperBound else { return }
        let queries = block * Self.queriesPerBlock..<min(test.rows, (block + 1) * Self.queriesPerBlock)
        let found = neighbors(
          of: unitTest.rows.rows(queries), in: unitTrain.rows, excluding: Array(excluded[queries]), scratch[worker])
        let voted = found.map { vote($0, labels) }
        answers.withLock { $0[block] = voted }
      }
    }
    let found = answers.withLock { $0 }
    let ordered = mine.flatMap { found[$0]! }
    let all = try gather(ordered)
    return options.counts.indices.map { count in all.map { $0[count] } }
  }

  private func neighbors(
    of queries: Matrix, in train: Matrix, excluding excluded: [Int?], _ scratch: SimilarityBlock
  ) -> [Neighbors] {
    var nearest = (0..<queries.rows).map { _ in Neighbors(limit: options.counts.last!) }
    for start in stride(from: 0, to: train.rows, by: Self.rowsPerBlock) {
      let rows = start..<min(train.rows, start + Self.rowsPerBlock)
      let similarities = scratch.matrix(queries.rows, rows.count)
      multiply(.plain(queries), .transposed(train.rows(rows)), into: similarities)
      for query in 0..<queries.rows {
        nearest[query].offer(similarities.row(query), first: start, excluding: excluded[query])
      }
    }
    return nearest
  }

  /// - Returns: an answer for each k.
  private func vote(_ neighbors: Neighbors, _ labels: [Int]) -> [ClassAnswer] {
    var neighbors = neighbors
    let nearest = neighbors.sorted()
    var votes: [Int: Double] = [:]
    var answers: [ClassAnswer] = []
    for (place, neighbor) in nearest.enumerated() {
      // The same factor for all votes of an image changes none of its answers, and keeps every temperature in range.
      let exponent = Double(neighbor.similarity - nearest[0].similarity) / options.temperature
      votes[labels[Int(neighbor.row)], default: 0] += exponent < -700 ? 0 : Elementary.exp(exponent)
      if options.counts.contains(place + 1) { answers.append(ClassAnswer(votes: votes)) }
    }
    return answers
  }

  /// The answers of all ranks, in order.
  private func gather(_ mine: [[ClassAnswer]]) throws -> [[ClassAnswer]] {
    guard communicator.size > 1 else { return mine }
    let numbers = mine.flatMap { $0.flatMap(\.numbers) }
    let perImage = options.counts.count * ClassAnswer.numberCount
    return try communicator.allgather(numbers).flatMap { numbers in
      stride(from: 0, to: numbers.count, by: perImage).map { start in
        options.counts.indices.map { count in
          ClassAnswer(numbers: numbers[(start + count * ClassAnswer.numberCount)...].prefix(ClassAnswer.numberCount))
        }
      }
    }
  }
}

/// One thread's block of similarities.
private final class SimilarityBlock: @unchecked Sendable {
  private let memory: AlignedBuffer<Float>

  init(_ queries: Int, _ rows: Int) { memory = AlignedBuffer(repeating: 0, count: queries * rows) }

  func matrix(_ queries: Int, _ rows: Int) -> Matrix {
    memory.all[0..<queries * rows].reshaped(rows: queries, columns: rows)
  }
}
