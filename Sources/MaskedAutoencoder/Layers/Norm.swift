import Compute

/// What a layer norm's backward needs beside its input.
struct NormStatistics {
  let mean: Vector
  let inverseDeviation: Vector

  init(rows: Int, _ allocator: inout ArenaAllocator) {
    mean = allocator.vector(rows)
    inverseDeviation = allocator.vector(rows)
  }

  func forward<Element: StoredElement>(
    output: MatrixView<Element>, input: Matrix, layout: NormLayout, weights: ModelWeights<Element>, epsilon: Float
  ) {
    forward(0..<input.rows, output: output, input: input, layout: layout, weights: weights, epsilon: epsilon)
  }

  /// The same for some of the rows.
  func forward<Element: StoredElement>(
    _ rows: Range<Int>, output: MatrixView<Element>, input: Matrix, layout: NormLayout, weights: ModelWeights<Element>,
    epsilon: Float
  ) {
    layerNormForward(
      output: output.rows(rows), mean: mean[rows], inverseDeviation: inverseDeviation[rows],
      input: input.rows(rows), weight: weights[layout.weight], bias: weights[layout.bias], epsilon: epsilon)
  }

  /// The output that `forward` gave.
  func again<Element: StoredElement>(
    output: MatrixView<Element>, input: Matrix, layout: NormLayout, weights: ModelWeights<Element>
  ) {
    layerNormAgain(
      output: output, mean: mean, inverseDeviation: inverseDeviation,
      input: input, weight: weights[layout.weight], bias: weights[layout.bias])
  }

  /// Adds the gradient of the norm's input to `inputGradient`.
  func backward<Element: StoredElement>(
    inputGradient: Matrix, outputGradient: Matrix, input: Matrix, layout: NormLayout,
    weights: ModelWeights<Element>, gradients: ArenaWindow
  ) {
    layerNormBackward(
      inputGradient: inputGradient,
      weightGradient: gradients[layout.weight], biasGradient: gradients[layout.bias],
      outputGradient: outputGradient, input: input,
      weight: weights[layout.weight], mean: mean, inverseDeviation: inverseDeviation)
  }
}
