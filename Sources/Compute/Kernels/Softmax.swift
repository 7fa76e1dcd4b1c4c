/// Softmax of each row, after a scale: p = e^(s·x − m) / Σ e^(s·x − m), with m the row's largest s·x.
///
/// Rows are padded: their stride is a multiple of sixteen, and what lies past the last column means nothing, before
/// or after. So every block is a whole one.
///
/// - Parameters:
///   - probabilities: p, [rows, columns], overwritten; may be `rows`.
///   - rows: x, [rows, columns], used up.
///   - scale: s, above 0.
///   - maximum, inverseSum: m and 1 / Σ of each row, [rows]: what `softmaxRecompute` needs.
@specialized(where Element == Float)
@specialized(where Element == BFloat16)
public func softmaxForward<Element: StoredElement>(
  probabilities: MatrixView<Element>, rows: Matrix, scale: Float, maximum: Vector, inverseSum: Vector
) {
  precondition(probabilities.rows == rows.rows && probabilities.columns == rows.columns)
  precondition(maximum.count == rows.rows && inverseSum.count == rows.rows, "one maximum a row")
  precondition(scale > 0, "the scale is above 0")
  for index in 0..<rows.rows {
    let (row, output) = (rows.paddedRow(index), probabilities.paddedRow(index))
    var largest = Lanes(repeating: -.infinity)
    for block in Blocks(rows.columns) {
      largest = largest.larger(of: block.masked(row[whole: block], filler: -.infinity))
    }
    let top = largest.maximum * scale
    var sum = Lanes(repeating: 0)
    for block in Blocks(rows.columns) {
      let shifted = Lanes(repeating: -top).addingProduct(row[whole: block], Lanes(repeating: scale))
      // Any NaN makes the sum NaN, and so the row: it must reach the loss.
      let power = block.masked(exponential(shifted).replacing(with: shifted, where: shifted .!= shifted))
      row[whole: block] = power
      sum += power
    }
    let inverse = 1 / sum.treeSum
    for block in Blocks(rows.columns) { output[whole: block] = row[whole: block] * inverse }
    maximum[index] = top
    inverseSum[index] = inverse
  }
}

/// The probabilities that `softmaxForward` gave, to the bit, from the scores and what it left: backward needs them once
/// more, and computing them is cheaper than keeping them.
@specialized(where Element == Float)
@specialized(where Element == BFloat16)
public func softmaxRecompute<Element: StoredElement>(
  probabilities: MatrixView<Element>, rows: Matrix, scale: Float, maximum: Vector, inverseSum: Vector
) {
  precondition(probabilities.rows == rows.rows && probabilities.columns == rows.columns)
  precondition(maximum.count == rows.rows && inverseSum.count == rows.rows, "one maximum a row")
  for index in 0..<rows.rows {
    let (row, output) = (rows.paddedRow(index), probabilities.paddedRow(index))
    let shift = Lanes(repeating: -maximum[index])
    let inverse = inverseSum[index]
    for block in Blocks(rows.columns) {
      output[whole: block] = exponential(shift.addingProduct(row[whole: block], Lanes(repeating: scale))) * inverse
    }
  }
}

/// The gradient through softmax of `scale` · x: dx = scale · p · (dp − Σ dp·p).
///
/// - Parameters:
///   - inputGradient: dx, [rows, columns], overwritten; may be `outputGradient`.
///   - outputGradient: dp, [rows, columns].
///   - probabilities: p, [rows, columns].
@specialized(where Element == Float)
@specialized(where Element == BFloat16)
public func softmaxBackward<Element: StoredElement>(
  inputGradient: MatrixView<Element>, outputGradient: Matrix, probabilities: MatrixView<Element>, scale: Float
) {
  precondition(outputGradient.rows == probabilities.rows && outputGradient.columns == probabilities.columns)
  precondition(inputGradient.rows == probabilities.rows && inputGradient.columns == probabilities.columns)
  for index in 0..<probabilities.rows {
    let (gradient, probability) = (outputGradient.paddedRow(index), probabilities.paddedRow(index))
    let output = inputGradient.paddedRow(index)
    var sum = Lanes(repeating: 0)
    for block in Blocks(probabilities.columns) {
      sum += block.masked(gradient[whole: block] * probability[whole: block])
    }
    let mean = sum.treeSum
    for block in Blocks(probabilities.columns) {
      output[whole: block] = (gradient[whole: block] - mean) * probability[whole: block] * scale
    }
  }
}

extension MatrixView {
  /// A row with its padding.
  @inline(__always)
  fileprivate func paddedRow(_ index: Int) -> VectorView<Element> {
    precondition(stride % 16 == 0, "rows are padded to a multiple of sixteen")
    return VectorView(base: base + index * stride, count: stride)
  }
}
