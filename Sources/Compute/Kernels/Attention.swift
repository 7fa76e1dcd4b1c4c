/// What attention needs beside its arguments, for one head of one image at a time. Its contents mean nothing
/// between calls.
public struct AttentionScratch<Element: StoredElement>: Sendable {
  /// Scores and their gradient, before they are rounded.
  private let scores: Vector
  private let scoreGradients: Vector
  /// The same rounded; the same memory where nothing is.
  private let probabilities: VectorView<Element>
  private let gradients: VectorView<Element>
  /// A head's output or gradient before it is rounded.
  fileprivate let product: Vector

  public init(queries: Int, keys: Int, headWidth: Int, _ allocator: inout ArenaAllocator) {
    let count = queries * paddedCount(keys)
    scores = allocator.vector(count)
    scoreGradients = allocator.vector(count)
    if let (first, second) = (scores, scoreGradients) as? (VectorView<Element>, VectorView<Element>) {
      (probabilities, gradients) = (first, second)
    } else {
      (probabilities, gradients) = (
        allocator.vector(count, of: Element.self), allocator.vector(count, of: Element.self)
      )
    }
    product = allocator.vector(Element.productCount(rows: max(queries, keys), columns: headWidth))
  }

  /// Matrices of [queries, keys], their rows padded as softmax wants them.
  fileprivate func matrices(queries: Int, keys: Int) -> HeadScratch<Element> {
    HeadScratch(
      scores: padded(scores, queries, keys), scoreGradients: padded(scoreGradients, queries, keys),
      probabilities: padded(probabilities, queries, keys), gradients: padded(gradients, queries, keys))
  }

  private func padded<Stored>(_ memory: VectorView<Stored>, _ queries: Int, _ keys: Int) -> MatrixView<Stored> {
    precondition(queries * paddedCount(keys) <= memory.count, "the scratch is too small")
    return MatrixView(base: memory.base, rows: queries, columns: keys, stride: paddedCount(keys))
  }
}

private func paddedCount(_ keys: Int) -> Int { (keys + 15) / 16 * 16 }

private struct HeadScratch<Element: StoredElement> {
  let scores: Matrix
  let scoreGradients: Matrix
  let probabilities: MatrixView<Element>
  let gradients: MatrixView<Element>
}

/// Multi-head attention of one image: softmax(q·kᵀ / √(D/H))·v, head by head.
///
/// - Parameters:
///   - output: [queries, D], overwritten.
///   - maximum, inverseSum: the softmax's, [H, queries], kept for backward in place of the probabilities.
///   - query: [queries, D].
///   - key, value: [keys, D]; a head is a run of D/H columns in each.
public func attentionForward<Element: StoredElement>(
  output: MatrixView<Element>, maximum: Matrix, inverseSum: Matrix,
  query: MatrixView<Element>, key: MatrixView<Element>, value: MatrixView<Element>, scratch: AttentionScratch<Element>
) {
  let heads = maximum.rows
  let headWidth = query.columns / heads
  let scale = 1 / Float(headWidth).squareRoot()
  let matrices = scratch.matrices(queries: query.rows, keys: key.rows)
  for head in 0..<heads {
    let columns = head * headWidth..<(head + 1) * headWidth
    multiply(.plain(query.columns(columns)), .transposed(key.columns(columns)), into: matrices.scores)
    softmaxForward(
      probabilities: matrices.probabilities, rows: matrices.scores, scale: scale, maximum: maximum.row(head),
      inverseSum: inverseSum.row(head))
    Element.multiply(
      .plain(matrices.probabilities), .plain(value.columns(columns)), bias: nil, into: output.columns(columns),
      product: scratch.product)
  }
}

/// The gradients of attention; the probabilities are computed again.
///
/// - Parameters:
///   - queryGradient: [queries, D], overwritten.
///   - keyGradient, valueGradient: [keys, D], overwritten.
///   - outputGradient: [queries, D].
public func attentionBackward<Element: StoredElement>(
  queryGradient: MatrixView<Element>, keyGradient: MatrixView<Element>, valueGradient: MatrixView<Element>,
  outputGradient: MatrixView<Element>, query: MatrixView<Element>, key: MatrixView<Element>,
  value: MatrixView<Element>, maximum: Matrix, inverseSum: Matrix, scratch: AttentionScratch<Element>
) {
  let heads = maximum.rows
  let headWidth = query.columns / heads
  let scale = 1 / Float(headWidth).squareRoot()
  let matrices = scratch.matrices(queries: query.rows, keys: key.rows)
  let (probabilities, gradients) = (matrices.probabilities, matrices.gradients)
  for head in 0..<heads {
    let columns = head * headWidth..<(head + 1) * headWidth
    let (q, k, v) = (query.columns(columns), key.columns(columns), value.columns(columns))
    let upstream = outputGradient.columns(columns)
    /// The head's columns of `target`, rounded where an element is.
    func multiplyHead(_ a: Operand<Element>, _ b: Operand<Element>, into target: MatrixView<Element>) {
      Element.multiply(a, b, bias: nil, into: target.columns(columns), product: scratch.product)
    }
    multiply(.plain(q), .transposed(k), into: matrices.scores)
    softmaxRecompute(
      probabilities: probabilities, rows: matrices.scores, scale: scale, maximum: maximum.row(head),
      inverseSum: inverseSum.row(head))
    multiplyHead(.transposed(probabilities), .plain(upstream), into: valueGradient)
    multiply(.plain(upstream), .transposed(v), into: matrices.scoreGradients)
    softmaxBackward(
      inputGradient: gradients, outputGradient: matrices.scoreGradients, probabilities: probabilities, scale: scale)
    multiplyHead(.plain(gradients), .plain(k), into: queryGradient)
    multiplyHead(.transposed(gradients), .plain(q), into: keyGradient)
  }
}
