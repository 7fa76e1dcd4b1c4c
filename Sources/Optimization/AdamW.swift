import Compute

/// The optimiser's constants (He et al. 2022, Table 8).
public struct AdamWConfiguration: Sendable, Equatable {
  public var beta1 = 0.9
  public var beta2 = 0.95
  public var epsilon = 1e-8
  public var weightDecay = 0.05

  public init() {}
}

/// A run of an arena's floats that weight decay applies to, or does not.
public struct DecayRun: Sendable, Equatable {
  public let range: Range<Int>
  public let isDecayed: Bool

  public init(range: Range<Int>, isDecayed: Bool) {
    self.range = range
    self.isDecayed = isDecayed
  }
}

/// AdamW over flat arenas. The update is element by element, so any cut of the arena over threads gives the same bits.
public struct AdamW: Sendable {
  public let configuration: AdamWConfiguration
  private let runs: [DecayRun]

  /// - Parameter runs: the arena's tensors in order, each with whether it is decayed.
  public init(_ configuration: AdamWConfiguration, runs: [DecayRun]) {
    self.configuration = configuration
    self.runs = runs
  }

  /// Updates the floats of the arenas that lie in `range`.
  ///
  /// - Parameters:
  ///   - firstMoment, secondMoment: their first float is the arenas' float `momentsBegin`; they need not reach further
  ///     than `range`.
  ///   - step: the number of this update, 1 for the first.
  ///   - gradientScale: 1 / images of the step: the gradient is a sum over them.
  public func update(
    parameters: Vector, firstMoment: Vector, secondMoment: Vector, momentsBegin: Int = 0, gradient: Vector,
    in range: Range<Int>, step: Int, learningRate: Double, gradientScale: Double
  ) {
    let (beta1, beta2) = (configuration.beta1, configuration.beta2)
    var update = AdamWUpdate(
      gradientScale: Float(gradientScale), beta1: Float(beta1), beta2: Float(beta2),
      rate: Float(learningRate / (1 - Elementary.pow(beta1, step))), decay: 0,
      correction: Float(1 / (1 - Elementary.pow(beta2, step)).squareRoot()), epsilon: Float(configuration.epsilon))
    for run in runs where run.range.overlaps(range) {
      let part = run.range.clamped(to: range)
      update.decay = run.isDecayed ? Float(learningRate * configuration.weightDecay) : 0
      let moments = part.lowerBound - momentsBegin..<part.upperBound - momentsBegin
      update.apply(
        parameters: parameters[part], firstMoment: firstMoment[moments], secondMoment: secondMoment[moments],
        gradient: gradient[part])
    }
  }
}
