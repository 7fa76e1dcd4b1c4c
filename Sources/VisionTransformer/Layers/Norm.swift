import Compute
import Parameters

/// What a layer norm's backward needs beside its input.
public struct NormStatistics {
  let mean: Vector
  let inverseDeviation: Vector

  public init(rows: Int, _ allocator: inout ArenaAllocator) {
    mean = allocator.vector(rows)
    inverseDeviation = allocator.vector(rows)
  }

  @specialized(where Element == Float)
  @specialized(where Element == BFloat16)
  public func forward<Element: StoredElement>(
    output: MatrixView<Element>, input: Matrix, place: NormPlace, weights: ModelWeights<Element>, epsilon: Float
  ) {
    forward(0..<input.rows, output: output, input: input, place: place, weights: weights, epsilon: epsilon)
  }

  /// The same for some of the rows.
  func forward<Element: StoredElement>(
    _ rows: Range<Int>, output: MatrixView<Element>, input: Matrix, place: NormPlace, weights: ModelWeights<Element>,
    epsilon: Float
  ) {
    layerNormForward(
      output: output.rows(rows), mean: mean[rows], inverseDeviation: inverseDeviation[rows],
      input: input.rows(rows), weight: weights[place.weight], bias: weights[place.bias], epsilon: epsilon)
  }

  /// The output that `forward` gave, to the bit.
  func recompute<Element: StoredElement>(
    output: MatrixView<Element>, input: Matrix, place: NormPlace, weights: ModelWeights<Element>
  ) {
    layerNormRecompute(
      output: output, mean: mean, inverseDeviation: inverseDeviation,
      input: input, weight: weights[place.weight], bias: weights[place.bias])
  }

  /// Adds the gradient of the norm's input to `inputGradient`.
  @specialized(where Element == Float)
  @specialized(where Element == BFloat16)
  public func backward<Element: StoredElement>(
    inputGradient: Matrix, outputGradient: Matrix, input: Matrix, place: NormPlace,
    weights: ModelWeights<Element>, gradients: ArenaWindow
  ) {
    layerNormBackward(
      inputGradient: inputGradient,
      weightGradient: gradients[place.weight], biasGradient: gradients[place.bias],
      outputGradient: outputGradient, input: input,
      weight: weights[place.weight], mean: mean, inverseDeviation: inverseDeviation)
  }
}
