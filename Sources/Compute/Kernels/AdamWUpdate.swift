/// One step of AdamW (Loshchilov and Hutter 2019) over a run of parameters, in one pass over the four arenas.
///
/// With ĝ = g · gradientScale: m ← β₁·m + (1 − β₁)·ĝ, v ← β₂·v + (1 − β₂)·ĝ², and
/// p ← p·(1 − decay) − rate · m / (√v · correction + ε).
public struct AdamWUpdate: Sendable {
  /// What the gradient is multiplied with: 1 / images of the step.
  public var gradientScale: Float
  public var beta1: Float
  public var beta2: Float
  /// η / (1 − β₁ᵗ).
  public var rate: Float
  /// η · λ, decoupled from the gradient.
  public var decay: Float
  /// 1 / √(1 − β₂ᵗ).
  public var correction: Float
  public var epsilon: Float

  public init(
    gradientScale: Float, beta1: Float, beta2: Float, rate: Float, decay: Float, correction: Float, epsilon: Float
  ) {
    self.gradientScale = gradientScale
    self.beta1 = beta1
    self.beta2 = beta2
    self.rate = rate
    self.decay = decay
    self.correction = correction
    self.epsilon = epsilon
  }

  /// - Parameters:
  ///   - parameters, firstMoment, secondMoment: p, m and v, updated.
  ///   - gradient: g, only read.
  public func apply(parameters: Vector, firstMoment: Vector, secondMoment: Vector, gradient: Vector) {
    precondition(
      firstMoment.count == parameters.count && secondMoment.count == parameters.count
        && gradient.count == parameters.count)
    let kept = 1 - decay
    for block in Blocks(parameters.count) {
      let g = gradient[block] * gradientScale
      let m = (firstMoment[block] * beta1).addingProduct(g, Lanes(repeating: 1 - beta1))
      let v = (secondMoment[block] * beta2).addingProduct(g * g, Lanes(repeating: 1 - beta2))
      firstMoment[block] = m
      secondMoment[block] = v
      let step = m / Lanes(repeating: epsilon).addingProduct(v.squareRoot(), Lanes(repeating: correction))
      parameters[block] = (parameters[block] * kept).addingProduct(step, Lanes(repeating: -rate))
    }
  }
}
