import Testing

@testable import Evaluation

@Suite struct LimitedMemoryBFGSTests {
  /// A quadratic of condition 2048 in twelve dimensions, whose minimum is known.
  @Test func findsTheMinimumOfAQuadratic() {
    let scales = (0..<12).map { Double(1 << $0) * 2.5 }
    let result = LimitedMemoryBFGS(tolerance: 1e-9, mostIterations: 500).minimize(from: scales.map { _ in 0 }) {
      point, gradient in
      var value = 0.0
      for index in point.indices {
        let distance = point[index] - Double(index)
        gradient[index] = scales[index] * distance
        value += scales[index] / 2 * distance * distance
      }
      return value
    }
    #expect(result.isConverged && result.iterations < 200)
    for (index, value) in result.point.enumerated() { #expect(abs(value - Double(index)) <= 1e-9 / scales[index]) }
  }

  /// Rosenbrock's valley is not convex; the method gets to its end all the same.
  @Test func goesThroughAValley() {
    let result = LimitedMemoryBFGS(tolerance: 1e-10, mostIterations: 500).minimize(from: [-1.2, 1]) { point, gradient in
      let (x, y) = (point[0], point[1])
      gradient[0] = -400 * x * (y - x * x) - 2 * (1 - x)
      gradient[1] = 200 * (y - x * x)
      return 100 * (y - x * x) * (y - x * x) + (1 - x) * (1 - x)
    }
    #expect(result.isConverged && abs(result.point[0] - 1) < 1e-8 && abs(result.point[1] - 1) < 1e-8)
  }

  @Test func saysThatItHasNotArrived() {
    let result = LimitedMemoryBFGS(tolerance: 0, mostIterations: 3).minimize(from: [5, 3]) { point, gradient in
      gradient = [4 * point[0] * point[0] * point[0], 2 * point[1]]
      return point[0] * point[0] * point[0] * point[0] + point[1] * point[1]
    }
    #expect(!result.isConverged && result.iterations == 3)
  }
}
