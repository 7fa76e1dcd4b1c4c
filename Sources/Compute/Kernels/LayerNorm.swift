/// Layer normalisation of each row: y = x̂·w + b with x̂ = (x − μ)·ρ, ρ = 1/√(σ² + ε), and σ² the biased variance
/// (Ba et al. 2016).
///
/// - Parameters:
///   - output: y, [rows, width], overwritten.
///   - mean: μ of each row, [rows], kept for backward.
///   - inverseDeviation: ρ of each row, [rows], kept for backward.
///   - input: x, [rows, width].
///   - weight, bias: w and b, [width].
@specialized(where Element == Float)
@specialized(where Element == BFloat16)
public func layerNormForward<Element: StoredElement>(
  output: MatrixView<Element>, mean: Vector, inverseDeviation: Vector,
  input: Matrix, weight: Vector, bias: Vector, epsilon: Float
) {
  let width = input.columns
  precondition(output.rows == input.rows && output.columns == width, "output shape")
  precondition(mean.count == input.rows && inverseDeviation.count == input.rows, "one mean a row")
  precondition(weight.count == width && bias.count == width, "weight and bias shape")
  for row in 0..<input.rows {
    let x = input.row(row)
    let y = output.row(row)
    var sum = Lanes(repeating: 0)
    for block in Blocks(width) { sum += x[block] }
    let mu = sum.treeSum / Float(width)
    var squares = Lanes(repeating: 0)
    for block in Blocks(width) {
      let centered = block.masked(x[block] - mu)
      squares = squares.addingProduct(centered, centered)
    }
    let rho = 1 / (squares.treeSum / Float(width) + epsilon).squareRoot()
    scale(output: y, input: x, mean: mu, inverseDeviation: rho, weight: weight, bias: bias)
    mean[row] = mu
    inverseDeviation[row] = rho
  }
}

/// The output that `layerNormForward` gave, to the bit, from the input and what it left: backward needs it once more, and
/// computing it is cheaper than keeping it.
@specialized(where Element == Float)
@specialized(where Element == BFloat16)
public func layerNormRecompute<Element: StoredElement>(
  output: MatrixView<Element>, mean: Vector, inverseDeviation: Vector, input: Matrix, weight: Vector, bias: Vector
) {
  precondition(output.rows == input.rows && output.columns == input.columns, "output shape")
  precondition(mean.count == input.rows && inverseDeviation.count == input.rows, "one mean a row")
  precondition(weight.count == input.columns && bias.count == input.columns, "weight and bias shape")
  for row in 0..<input.rows {
    scale(
      output: output.row(row), input: input.row(row), mean: mean[row], inverseDeviation: inverseDeviation[row],
      weight: weight, bias: bias)
  }
}

@inline(__always)
private func scale<Element: StoredElement>(
  output: VectorView<Element>, input: Vector, mean: Float, inverseDeviation: Float, weight: Vector, bias: Vector
) {
  for block in Blocks(input.count) {
    output[block] = bias[block].addingProduct((input[block] - mean) * inverseDeviation, weight[block])
  }
}

/// The gradients of layer normalisation: with g = dy·w, dx = ρ·(g − mean(g) − x̂·mean(g·x̂)), dw = Σ dy·x̂ and
/// db = Σ dy over the rows.
///
/// - Parameters:
///   - inputGradient: dx, [rows, width], **added to**: the gradient of the residual path is there already.
///   - weightGradient, biasGradient: dw and db, [width], overwritten.
///   - outputGradient: dy, [rows, width].
public func layerNormBackward(
  inputGradient: Matrix, weightGradient: Vector, biasGradient: Vector,
  outputGradient: Matrix, input: Matrix, weight: Vector, mean: Vector, inverseDeviation: Vector
) {
  let width = input.columns
  precondition(inputGradient.rows == input.rows && inputGradient.columns == width, "input gradient shape")
  precondition(outputGradient.rows == input.rows && outputGradient.columns == width, "output gradient shape")
  precondition(weight.count == width && weightGradient.count == width && biasGradient.count == width)
  precondition(mean.count == input.rows && inverseDeviation.count == input.rows, "one mean a row")
  clear(weightGradient)
  clear(biasGradient)
  for row in 0..<input.rows {
    let (x, dx, dy) = (input.row(row), inputGradient.row(row), outputGradient.row(row))
    let (mu, rho) = (mean[row], inverseDeviation[row])
    var gradientSum = Lanes(repeating: 0)
    var productSum = Lanes(repeating: 0)
    for block in Blocks(width) {
      let upstream = dy[block]
      let normalized = (x[block] - mu) * rho
      weightGradient[block] = weightGradient[block].addingProduct(upstream, normalized)
      biasGradient[block] += upstream
      let gradient = upstream * weight[block]
      gradientSum += gradient
      productSum = productSum.addingProduct(gradient, normalized)
    }
    let meanGradient = gradientSum.treeSum / Float(width)
    let meanProduct = productSum.treeSum / Float(width)
    for block in Blocks(width) {
      let normalized = (x[block] - mu) * rho
      let gradient = dy[block] * weight[block] - meanGradient - normalized * meanProduct
      dx[block] = dx[block].addingProduct(gradient, Lanes(repeating: rho))
    }
  }
}
