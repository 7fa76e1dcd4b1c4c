/// Exact GELU, y = x·Φ(x) with Φ the normal distribution function.
///
/// The tail Φ(−|x|) is e^(−x²/2)·g(|x|), with g a polynomial of t = 1/(1 + 0.35·|x|) fitted to a relative error
/// of 6.4e-8 on [0, 14]: small values keep their relative accuracy, which 1 + erf would lose. The tail's relative error
/// is below (15 + x²/2)·2⁻²⁴. Of an infinite x the derivative is NaN.
///
/// - Parameter output: y, overwritten; may be `input`.
@specialized(where Element == Float)
@specialized(where Element == BFloat16)
public func geluForward<Element: StoredElement>(output: VectorView<Element>, input: VectorView<Element>) {
  precondition(output.count == input.count)
  for block in Blocks(input.count) { output[block] = gelu(input[block]).y }
}

/// The same for each row of a matrix.
@specialized(where Element == Float)
@specialized(where Element == BFloat16)
func geluForward<Element: StoredElement>(output: MatrixView<Element>, input: MatrixView<Element>) {
  precondition(output.rows == input.rows && output.columns == input.columns)
  for row in 0..<input.rows {
    let (y, x) = (output.row(row), input.row(row))
    for block in Blocks(x.count) { y[block] = gelu(x[block]).y }
  }
}

/// The gradient through GELU, dx = dy·(Φ(x) + x·φ(x)), and y once more: one exponential gives both, and computing y again
/// is cheaper than keeping it.
///
/// - Parameters:
///   - inputGradient: dx, overwritten; may be `outputGradient`.
///   - output: y, overwritten, with the bits that forward gives; may be `input`.
///   - outputGradient: dy, which need not have been rounded.
///   - input: x.
@specialized(where Element == Float)
@specialized(where Element == BFloat16)
public func geluBackward<Element: StoredElement>(
  inputGradient: VectorView<Element>, output: VectorView<Element>, outputGradient: Vector, input: VectorView<Element>
) {
  precondition(
    inputGradient.count == input.count && output.count == input.count && outputGradient.count == input.count)
  for block in Blocks(input.count) {
    let (y, derivative) = gelu(input[block])
    output[block] = y
    inputGradient[block] = outputGradient[block] * derivative
  }
}

/// The same for each row of a matrix.
@specialized(where Element == Float)
@specialized(where Element == BFloat16)
func geluBackward<Element: StoredElement>(
  inputGradient: MatrixView<Element>, output: MatrixView<Element>, outputGradient: Matrix, input: MatrixView<Element>
) {
  precondition(inputGradient.rows == input.rows && inputGradient.columns == input.columns)
  precondition(output.rows == input.rows && output.columns == input.columns)
  precondition(outputGradient.rows == input.rows && outputGradient.columns == input.columns)
  for row in 0..<input.rows {
    let (dx, y, dy, x) = (inputGradient.row(row), output.row(row), outputGradient.row(row), input.row(row))
    for block in Blocks(x.count) {
      let (value, derivative) = gelu(x[block])
      y[block] = value
      dx[block] = dy[block] * derivative
    }
  }
}

/// x = s + b, kept, and y = GELU(x) of what was kept.
///
/// - Parameters:
///   - kept: x, overwritten.
///   - output: y, overwritten.
///   - sums: s, a row of a product.
@specialized(where Element == Float)
@specialized(where Element == BFloat16)
func biasAndGELU<Element: StoredElement>(
  kept: VectorView<Element>, output: VectorView<Element>, sums: Vector, bias: Vector
) {
  precondition(kept.count == sums.count && output.count == sums.count && bias.count == sums.count)
  for block in Blocks(sums.count) {
    kept[block] = sums[block] + bias[block]
    output[block] = gelu(kept[block]).y
  }
}

@inline(__always)
private func gelu(_ x: Lanes) -> (y: Lanes, derivative: Lanes) {
  let one = Lanes(repeating: 1)
  let bell = exponential(x * x * Lanes(repeating: -0.5))
  let magnitude = absolute(x)
  let t = one / one.addingProduct(magnitude, Lanes(repeating: 0.35))
  var g = Lanes(repeating: -0.029_145_96)
  g = Lanes(repeating: 0.143_971_83).addingProduct(g, t)
  g = Lanes(repeating: -0.255_714_54).addingProduct(g, t)
  g = Lanes(repeating: 0.159_174_47).addingProduct(g, t)
  g = Lanes(repeating: -0.023_110_045).addingProduct(g, t)
  g = Lanes(repeating: 0.105_508_09).addingProduct(g, t)
  g = Lanes(repeating: 0.119_832_84).addingProduct(g, t)
  g = Lanes(repeating: 0.139_861_87).addingProduct(g, t)
  g = Lanes(repeating: 0.139_621_41).addingProduct(g, t)
  let tail = g * t * bell
  let distribution = tail.replacing(with: one - tail, where: x .>= Lanes(repeating: 0))
  let density = bell * Lanes(repeating: 0.398_942_28)
  return (x * distribution, distribution.addingProduct(x, density))
}

@inline(__always)
private func absolute(_ x: Lanes) -> Lanes {
  unsafeBitCast(unsafeBitCast(x, to: SIMD16<UInt32>.self) & SIMD16(repeating: 0x7FFF_FFFF), to: Lanes.self)
}
