import Compute

/// The optimiser's constants (He et al. 2022, Table 8).
public struct AdamWConfiguration: Sendable, Equatable {
  public var beta1 = 0.9
  public var beta2 = 0.95
  public var epsilon = 1e-8

  public init() {}
}

/// AdamW (Loshchilov and Hutter 2019) over flat arenas. The update is element by element, so any cut of the arena over
/// threads gives the same bits.
public struct AdamW: Optimizer {
  public static let momentNames = ["exp_avg", "exp_avg_sq"]

  public let configuration: AdamWConfiguration
  private let groups: ParameterGroups

  /// - Parameter groups: the arena's, in order.
  public init(_ configuration: AdamWConfiguration, groups: [ParameterGroup]) {
    self.configuration = configuration
    self.groups = ParameterGroups(groups)
  }

  public func update(
    parameters: Vector, moments: Matrix, momentsBegin: Int = 0, gradient: Vector, in range: Range<Int>, step: Int,
    learningRate: Double, gradientScale: Double
  ) {
    let (beta1, beta2) = (configuration.beta1, configuration.beta2)
    let rateCorrection = 1 - Elementary.pow(beta1, step)
    var update = AdamWUpdate(
      gradientScale: Float(gradientScale), beta1: Float(beta1), beta2: Float(beta2), rate: 0, decay: 0,
      correction: Float(1 / (1 - Elementary.pow(beta2, step)).squareRoot()), epsilon: Float(configuration.epsilon))
    for group in groups[overlapping: range] {
      let part = group.range.clamped(to: range)
      let rate = learningRate * group.rateScale
      update.rate = Float(rate / rateCorrection)
      update.decay = Float(rate * group.weightDecay)
      let columns = part.lowerBound - momentsBegin..<part.upperBound - momentsBegin
      update.apply(
        parameters: parameters[part], firstMoment: moments.row(0)[columns], secondMoment: moments.row(1)[columns],
        gradient: gradient[part])
    }
  }
}
