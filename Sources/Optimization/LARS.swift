import Compute

/// The optimiser's constants (He et al. 2022, Table 10).
public struct LARSConfiguration: Sendable, Equatable {
  public var momentum = 0.9
  public var trustCoefficient = 0.001

  public init() {}
}

/// LARS (You et al. 2017) over flat arenas, as the authors of MAE train linear probes: of a matrix the gradient with its
/// weight decay, d = g + λ·w, is made as long as the weights are, times a trust coefficient; then follows gradient descent with
/// momentum, m ← μ·m + d and w ← w − rate·m. Vectors keep the length of their gradient and do not decay.
///
/// The norms are taken by one thread over whole tensors, so that any cut of the arena over threads gives the same bits.
public final class LARS: Optimizer, @unchecked Sendable {
  public static let momentNames = ["momentum_buffer"]

  private let configuration: LARSConfiguration
  private let groups: [ParameterGroup]
  /// What each group's gradient is multiplied by. `measure` writes them before any thread reads.
  private let ratios: AlignedBuffer<Float>

  /// - Parameter groups: the arena's, in order.
  public init(_ configuration: LARSConfiguration, groups: [ParameterGroup]) {
    self.configuration = configuration
    self.groups = groups
    ratios = AlignedBuffer(repeating: 1, count: groups.count)
  }

  public func measure(parameters: Vector, gradient: Vector, gradientScale: Double) {
    for (index, group) in groups.enumerated() where group.isMatrix {
      let (weights, gradient) = (parameters[group.range], gradient[group.range])
      let (scale, decay) = (Float(gradientScale), Float(group.weightDecay))
      var (weightSquares, directionSquares) = (0.0, 0.0)
      for place in 0..<weights.count {
        let direction = Double(gradient[place] * scale + decay * weights[place])
        weightSquares += Double(weights[place]) * Double(weights[place])
        directionSquares += direction * direction
      }
      let isMeasured = weightSquares > 0 && directionSquares > 0
      ratios.base[index] =
        isMeasured
        ? Float(configuration.trustCoefficient * weightSquares.squareRoot() / directionSquares.squareRoot()) : 1
    }
  }

  public func update(
    parameters: Vector, moments: Matrix, momentsBegin: Int = 0, gradient: Vector, in range: Range<Int>, step: Int,
    learningRate: Double, gradientScale: Double
  ) {
    let (scale, momentum, buffer) = (Float(gradientScale), Float(configuration.momentum), moments.row(0))
    for (index, group) in groups.enumerated() where group.range.overlaps(range) {
      let (ratio, rate) = (ratios.base[index], Float(learningRate * group.rateScale))
      let decay = group.isMatrix ? Float(group.weightDecay) : 0
      for place in group.range.clamped(to: range) {
        let direction = (gradient[place] * scale + decay * parameters[place]) * ratio
        let moment = momentum * buffer[place - momentsBegin] + direction
        buffer[place - momentsBegin] = moment
        parameters[place] -= rate * moment
      }
    }
  }
}
