import Compute

/// A layer norm's output, and what its backward needs beside its input.
struct NormActivations {
  let output: Matrix
  let mean: Vector
  let inverseDeviation: Vector

  init(rows: Int, width: Int, _ allocator: inout ArenaAllocator) {
    output = allocator.matrix(rows, width)
    mean = allocator.vector(rows)
    inverseDeviation = allocator.vector(rows)
  }

  func forward(input: Matrix, layout: NormLayout, parameters: ArenaWindow, epsilon: Float) {
    layerNormForward(
      output: output, mean: mean, inverseDeviation: inverseDeviation,
      input: input, weight: parameters[layout.weight], bias: parameters[layout.bias], epsilon: epsilon)
  }

  /// Adds the gradient of the norm's input to `inputGradient`.
  func backward(
    inputGradient: Matrix, outputGradient: Matrix, input: Matrix, layout: NormLayout,
    parameters: ArenaWindow, gradients: ArenaWindow
  ) {
    layerNormBackward(
      inputGradient: inputGradient,
      weightGradient: gradients[layout.weight], biasGradient: gradients[layout.bias],
      outputGradient: outputGradient, input: input,
      weight: parameters[layout.weight], mean: mean, inverseDeviation: inverseDeviation)
  }
}
