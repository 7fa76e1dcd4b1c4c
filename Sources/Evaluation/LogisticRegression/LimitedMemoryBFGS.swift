/// The minimum of a smooth convex function by the limited-memory BFGS method (Liu and Nocedal, "On the limited memory BFGS
/// method for large scale optimization", 1989), in double precision and in one fixed order.
struct LimitedMemoryBFGS {
  /// Pairs of steps and changes of the gradient that are remembered.
  private static let memory = 10
  /// A step must lower the function by this share of what its slope promises (Armijo).
  private static let sufficientDecrease = 1e-4

  /// The method ends where no part of the gradient is larger.
  let tolerance: Double
  let mostIterations: Int

  struct Result {
    let point: [Double]
    let value: Double
    let iterations: Int
    /// Whether the gradient is within the tolerance.
    let isConverged: Bool
  }

  private struct Pair {
    let step: [Double]
    let change: [Double]
    /// 1 / (step · change).
    let inverseCurvature: Double
  }

  /// - Parameters:
  ///   - start: where it begins.
  ///   - function: the value at a point; overwrites the gradient.
  func minimize(from start: [Double], _ function: (_ point: [Double], _ gradient: inout [Double]) -> Double) -> Result {
    var point = start
    var gradient = [Double](repeating: 0, count: start.count)
    var value = function(point, &gradient)
    var pairs: [Pair] = []
    for iteration in 0..<mostIterations {
      if largest(gradient) <= tolerance {
        return Result(point: point, value: value, iterations: iteration, isConverged: true)
      }
      var direction = direction(gradient, pairs)
      var slope = dot(direction, gradient)
      if slope >= 0 {
        // Rounding has spoilt what is remembered.
        (pairs, direction) = ([], gradient.map(-))
        slope = dot(direction, gradient)
      }
      // The first step is of length one at most: there is no curvature to judge it by yet.
      var length = pairs.isEmpty ? min(1, 1 / (-slope).squareRoot()) : 1
      var next = point
      var nextGradient = gradient
      var nextValue = value
      var isLower = false
      // Where 2⁻⁴⁰ of a step lowers nothing, the value cannot be told from that at the point any more.
      for _ in 0..<40 {
        for index in point.indices { next[index] = point[index] + length * direction[index] }
        nextValue = function(next, &nextGradient)
        isLower = nextValue <= value + Self.sufficientDecrease * length * slope
        if isLower { break }
        length /= 2
      }
      guard isLower else { return Result(point: point, value: value, iterations: iteration, isConverged: false) }
      remember(step: difference(next, point), change: difference(nextGradient, gradient), in: &pairs)
      (point, gradient, value) = (next, nextGradient, nextValue)
    }
    return Result(
      point: point, value: value, iterations: mostIterations, isConverged: largest(gradient) <= tolerance)
  }

  /// −H·gradient, with H the estimate of the inverse second derivative that the pairs give.
  private func direction(_ gradient: [Double], _ pairs: [Pair]) -> [Double] {
    var result = gradient.map(-)
    var factors: [Double] = []
    for pair in pairs.reversed() {
      let factor = pair.inverseCurvature * dot(pair.step, result)
      factors.append(factor)
      for index in result.indices { result[index] -= factor * pair.change[index] }
    }
    if let last = pairs.last {
      let scale = 1 / (last.inverseCurvature * dot(last.change, last.change))
      for index in result.indices { result[index] *= scale }
    }
    for (pair, factor) in zip(pairs, factors.reversed()) {
      let other = pair.inverseCurvature * dot(pair.change, result)
      for index in result.indices { result[index] += (factor - other) * pair.step[index] }
    }
    return result
  }

  private func remember(step: [Double], change: [Double], in pairs: inout [Pair]) {
    let curvature = dot(step, change)
    // A convex function curves upwards; what does not is rounding.
    guard curvature > 1e-14 * dot(change, change) else { return }
    if pairs.count == Self.memory { pairs.removeFirst() }
    pairs.append(Pair(step: step, change: change, inverseCurvature: 1 / curvature))
  }

  private func difference(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map { $0 - $1 } }

  private func dot(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for index in a.indices { sum += a[index] * b[index] }
    return sum
  }

  private func largest(_ values: [Double]) -> Double { values.reduce(0) { max($0, abs($1)) } }
}
