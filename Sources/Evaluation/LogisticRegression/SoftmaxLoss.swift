import Compute

/// The mean loss of a softmax regression and its gradient, over rows that stay as they are.
///
/// f(W, b) = 1/N · Σ −log p(label) + λ/2 · ‖W‖², with p the softmax of W·x + b. Products are in single precision, over at most
/// 256 rows; their sums are in double precision. Rows are cut into chunks that follow from the data alone, and chunks are
/// added in their order, so that no bit depends on the threads.
final class SoftmaxLoss: @unchecked Sendable {
  private static let rowsPerBlock = 256
  /// What the sums of all chunks may take.
  private static let mostChunkBytes = 256 << 20

  /// [N, D].
  let rows: Matrix
  let labels: [Int]
  let classes: Int
  let pool: WorkerPool
  private let chunkRows: Int
  private let chunks: Int
  /// Of each chunk: the sums of the gradient of W and b, and that of the losses.
  private let sums: AlignedBuffer<Double>
  private let threads: [SoftmaxBlock]
  /// W and b as products take them.
  private let parameters: AlignedBuffer<Float>

  /// - Parameter labels: the class of each row.
  init(_ rows: Matrix, labels: [Int], classes: Int, pool: WorkerPool) {
    precondition(rows.rows == labels.count && rows.rows > 0, "a label for each row")
    (self.rows, self.labels, self.classes, self.pool) = (rows, labels, classes, pool)
    let values = classes * (rows.columns + 1) + 1
    let mostChunks = max(1, min(64, Self.mostChunkBytes / (values * MemoryLayout<Double>.stride)))
    let blocks = (rows.rows + Self.rowsPerBlock - 1) / Self.rowsPerBlock
    let chunkBlocks = (blocks + mostChunks - 1) / mostChunks
    chunkRows = chunkBlocks * Self.rowsPerBlock
    chunks = (blocks + chunkBlocks - 1) / chunkBlocks
    sums = AlignedBuffer(repeating: 0, count: chunks * values)
    parameters = AlignedBuffer(repeating: 0, count: classes * (rows.columns + 1))
    threads = (0..<pool.count).map { _ in
      SoftmaxBlock(rows: Self.rowsPerBlock, classes: classes, width: rows.columns)
    }
  }

  /// Values of a point: W, [classes, D], then b, [classes].
  var parameterCount: Int { classes * (rows.columns + 1) }

  /// - Parameter gradient: at `point`; overwritten.
  /// - Returns: f.
  func value(at point: [Double], strength: Double, gradient: inout [Double]) -> Double {
    precondition(point.count == parameterCount && gradient.count == parameterCount, "the sizes of W and b")
    for index in point.indices { parameters.base[index] = Float(point[index]) }
    let next = Monitor(0)
    pool.run { worker in
      while true {
        let chunk = next.withLock { next in
          defer { next += 1 }
          return next
        }
        guard chunk < chunks else { return }
        add(chunk, on: threads[worker])
      }
    }
    let values = parameterCount + 1
    let weights = classes * rows.columns
    let scale = 1 / Double(rows.rows)
    var loss = 0.0
    for index in gradient.indices { gradient[index] = 0 }
    for chunk in 0..<chunks {
      let part = sums.all[chunk * values..<(chunk + 1) * values]
      for index in gradient.indices { gradient[index] += part[index] }
      loss += part[values - 1]
    }
    var squares = 0.0
    for index in gradient.indices {
      gradient[index] *= scale
      guard index < weights else { continue }
      gradient[index] += strength * point[index]
      squares += point[index] * point[index]
    }
    return loss * scale + strength / 2 * squares
  }

  private func add(_ chunk: Int, on block: SoftmaxBlock) {
    let values = parameterCount + 1
    let sums = sums.all[chunk * values..<(chunk + 1) * values]
    sums.base.update(repeating: 0, count: values)
    let range = chunk * chunkRows..<min(rows.rows, (chunk + 1) * chunkRows)
    let weights = parameters.all[0..<classes * rows.columns].reshaped(rows: classes, columns: rows.columns)
    let bias = parameters.all[classes * rows.columns..<parameterCount]
    for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.rowsPerBlock) {
      let part = start..<min(range.upperBound, start + Self.rowsPerBlock)
      block.add(rows.rows(part), labels: labels[part], weights: weights, bias: bias, to: sums)
    }
  }

  /// What softmax says of rows.
  ///
  /// - Parameter point: W and b.
  static func answers(of rows: Matrix, at point: [Double], classes: Int, pool: WorkerPool) -> [ClassAnswer] {
    let parameters = AlignedBuffer<Float>(point.map { Float($0) })
    defer { extendLifetime(parameters) }
    let weights = parameters.all[0..<classes * rows.columns].reshaped(rows: classes, columns: rows.columns)
    let bias = parameters.all[classes * rows.columns..<parameters.count]
    let blocks = (rows.rows + rowsPerBlock - 1) / rowsPerBlock
    let found = Monitor([Int: [ClassAnswer]]())
    let next = Monitor(0)
    pool.run { _ in
      let scratch = SoftmaxBlock(rows: rowsPerBlock, classes: classes, width: rows.columns)
      while true {
        let block = next.withLock { next in
          defer { next += 1 }
          return next
        }
        guard block < blocks else { return }
        let part = rows.rows(block * rowsPerBlock..<min(rows.rows, (block + 1) * rowsPerBlock))
        let answers = scratch.answers(of: part, weights: weights, bias: bias)
        found.withLock { $0[block] = answers }
      }
    }
    let answers = found.withLock { $0 }
    return (0..<blocks).flatMap { answers[$0]! }
  }
}

/// One thread's memory for a block of rows.
private final class SoftmaxBlock: @unchecked Sendable {
  private let logits: Matrix
  private let probabilities: Matrix
  private let weightGradient: Matrix
  private let biasGradient: Vector
  private let labelLogits: Vector
  private let maxima: Vector
  private let inverseSums: Vector
  private let memory: AlignedBuffer<Float>

  init(rows: Int, classes: Int, width: Int) {
    // Softmax works on whole blocks of sixteen, so rows are padded.
    let padded = (classes + 15) / 16 * 16
    func layOut(_ allocator: inout ArenaAllocator) -> (Matrix, Matrix, Matrix, Vector, Vector, Vector, Vector) {
      (
        allocator.matrix(rows, padded).columns(0..<classes), allocator.matrix(rows, padded).columns(0..<classes),
        allocator.matrix(classes, width), allocator.vector(classes), allocator.vector(rows), allocator.vector(rows),
        allocator.vector(rows)
      )
    }
    var measuring = ArenaAllocator.measuring
    _ = layOut(&measuring)
    memory = AlignedBuffer(repeating: 0, count: measuring.count)
    var allocator = ArenaAllocator(memory.all)
    (logits, probabilities, weightGradient, biasGradient, labelLogits, maxima, inverseSums) = layOut(&allocator)
  }

  /// Adds the gradients of W and b and the loss of some rows to `sums`, in this order.
  func add(_ rows: Matrix, labels: ArraySlice<Int>, weights: Matrix, bias: Vector, to sums: VectorView<Double>) {
    let count = rows.rows
    let logits = logits.rows(0..<count)
    linearForward(output: logits, input: rows, weight: weights, bias: bias)
    for (row, label) in labels.enumerated() { labelLogits[row] = logits[row, label] }
    let probabilities = softmax(count)
    var loss = 0.0
    // log Σ e^z = maximum − log(1 / Σ e^(z − maximum)): one logarithm for the product of several.
    var product = 1.0
    for (row, label) in labels.enumerated() {
      probabilities[row, label] -= 1
      loss += Double(maxima[row]) - Double(labelLogits[row])
      product *= Double(inverseSums[row])
      if row % 16 == 15 || row == count - 1 {
        loss -= product.isNormal && product > 0 ? Elementary.log(product) : .nan
        product = 1
      }
    }
    linearBackward(
      weightGradient: weightGradient, biasGradient: biasGradient, outputGradient: probabilities, input: rows)
    let gradient = weightGradient.flat
    for index in 0..<gradient.count { sums[index] += Double(gradient[index]) }
    for label in 0..<bias.count { sums[gradient.count + label] += Double(biasGradient[label]) }
    sums[sums.count - 1] += loss
  }

  func answers(of rows: Matrix, weights: Matrix, bias: Vector) -> [ClassAnswer] {
    linearForward(output: logits.rows(0..<rows.rows), input: rows, weight: weights, bias: bias)
    // Of classes whose probabilities are nothing in single precision the logits still tell which is the likelier.
    return (0..<rows.rows).map { row in
      ClassAnswer.softmax((0..<bias.count).map { Double(logits[row, $0]) }).answer
    }
  }

  private func softmax(_ count: Int) -> Matrix {
    let probabilities = probabilities.rows(0..<count)
    softmaxForward(
      probabilities: probabilities, rows: logits.rows(0..<count), scale: 1, maximum: maxima[0..<count],
      inverseSum: inverseSums[0..<count])
    return probabilities
  }
}
