/// What attention needs beside its arguments, for one head of one image at a time. Its contents mean nothing
/// between calls.
public struct AttentionScratch: Sendable {
  private let first: Vector
  private let second: Vector

  /// The floats that each of the two vectors must have for so many queries and keys.
  public static func count(queries: Int, keys: Int) -> Int { queries * paddedCount(keys) }

  public init(_ first: Vector, _ second: Vector) {
    self.first = first
    self.second = second
  }

  /// Two matrices of [queries, keys], their rows padded as softmax wants them.
  fileprivate func matrices(queries: Int, keys: Int) -> (Matrix, Matrix) {
    let count = AttentionScratch.count(queries: queries, keys: keys)
    precondition(count <= first.count && count <= second.count, "the scratch is too small")
    let stride = AttentionScratch.paddedCount(keys)
    return (
      Matrix(base: first.base, rows: queries, columns: keys, stride: stride),
      Matrix(base: second.base, rows: queries, columns: keys, stride: stride)
    )
  }

  private static func paddedCount(_ keys: Int) -> Int { (keys + 15) / 16 * 16 }
}

/// Multi-head attention of one image: softmax(q·kᵀ / √(D/H))·v, head by head.
///
/// - Parameters:
///   - output: [queries, D], overwritten.
///   - maximum, inverseSum: the softmax's, [H, queries], kept for backward in place of the probabilities.
///   - query: [queries, D].
///   - key, value: [keys, D]; a head is a run of D/H columns in each.
public func attentionForward(
  output: Matrix, maximum: Matrix, inverseSum: Matrix,
  query: Matrix, key: Matrix, value: Matrix, scratch: AttentionScratch
) {
  let heads = maximum.rows
  let headWidth = query.columns / heads
  let scale = 1 / Float(headWidth).squareRoot()
  let (scores, _) = scratch.matrices(queries: query.rows, keys: key.rows)
  for head in 0..<heads {
    let columns = head * headWidth..<(head + 1) * headWidth
    multiply(.plain(query.columns(columns)), .transposed(key.columns(columns)), into: scores)
    softmaxForward(rows: scores, scale: scale, maximum: maximum.row(head), inverseSum: inverseSum.row(head))
    multiply(.plain(scores), .plain(value.columns(columns)), into: output.columns(columns))
  }
}

/// The gradients of attention; the probabilities are computed again.
///
/// - Parameters:
///   - queryGradient: [queries, D], overwritten.
///   - keyGradient, valueGradient: [keys, D], overwritten.
///   - outputGradient: [queries, D].
public func attentionBackward(
  queryGradient: Matrix, keyGradient: Matrix, valueGradient: Matrix,
  outputGradient: Matrix, query: Matrix, key: Matrix, value: Matrix,
  maximum: Matrix, inverseSum: Matrix, scratch: AttentionScratch
) {
  let heads = maximum.rows
  let headWidth = query.columns / heads
  let scale = 1 / Float(headWidth).squareRoot()
  let (probabilities, gradients) = scratch.matrices(queries: query.rows, keys: key.rows)
  for head in 0..<heads {
    let columns = head * headWidth..<(head + 1) * headWidth
    let (q, k, v) = (query.columns(columns), key.columns(columns), value.columns(columns))
    let upstream = outputGradient.columns(columns)
    multiply(.plain(q), .transposed(k), into: probabilities)
    softmaxAgain(rows: probabilities, scale: scale, maximum: maximum.row(head), inverseSum: inverseSum.row(head))
    multiply(.transposed(probabilities), .plain(upstream), into: valueGradient.columns(columns))
    multiply(.plain(upstream), .transposed(v), into: gradients)
    softmaxBackward(rowGradients: gradients, probabilities: probabilities, scale: scale)
    multiply(.plain(gradients), .plain(k), into: queryGradient.columns(columns))
    multiply(.transposed(gradients), .plain(q), into: keyGradient.columns(columns))
  }
}
