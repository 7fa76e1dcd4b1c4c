extension RandomStream {
  /// A number from the symmetric beta distribution Beta(shape, shape): X / (X + Y) of two gamma variates.
  ///
  /// - Precondition: the shape is positive.
  public mutating func beta(_ shape: Double) -> Double {
    precondition(shape > 0, "a beta distribution has a positive shape")
    let ratio = logGamma(shape) - logGamma(shape)
    // Beyond e^±700 the quotient is 0 or 1 to the last bit.
    return 1 / (1 + Elementary.exp(max(-700, min(700, -ratio))))
  }

  /// The logarithm of a number from the gamma distribution (Marsaglia and Tsang 2000, "A simple method for generating
  /// gamma variables"): of `shape` + 1, which their method is for, and brought to `shape` by a factor U^(1 / shape). As a
  /// logarithm, because a small shape makes numbers that are none any more.
  private mutating func logGamma(_ shape: Double) -> Double {
    let d = shape + 2.0 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      let x = normal()
      let root = 1 + c * x
      guard root > 0 else { continue }
      let v = root * root * root
      let logV = Elementary.log(v)
      guard logUniform() < 0.5 * x * x + d - d * v + d * logV else { continue }
      return Elementary.log(d) + logV + logUniform() / shape
    }
  }

  /// The logarithm of a uniform number in (0, 1].
  private mutating func logUniform() -> Double { Elementary.log(1 - uniform(in: 0...1)) }
}
