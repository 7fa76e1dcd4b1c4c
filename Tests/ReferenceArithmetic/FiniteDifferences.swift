/// A derivative by central differences, and a bound on its own error.
public struct Slope: Sendable {
  public let value: Double
  public let error: Double

  public init(value: Double, error: Double) {
    self.value = value
    self.error = error
  }
}

/// The slope of `f` at 0, from differences over ±h and ±2h whose error is of order h⁴.
///
/// Its truncation error is about 1/15 of its difference from the same formula at twice the step; all of that difference
/// is allowed. To it comes the rounding of `f`, for which 2⁻⁴³ of its size leaves a thousand operations.
public func slope(step: Double = 0x1p-8, of f: (Double) -> Double) -> Slope {
  var largest = 0.0
  func difference(_ distance: Double) -> Double {
    let (above, below) = (f(distance), f(-distance))
    largest = max(largest, abs(above), abs(below))
    return (above - below) / (2 * distance)
  }
  let (one, two, four) = (difference(step), difference(2 * step), difference(4 * step))
  let (fine, coarse) = ((4 * one - two) / 3, (4 * two - four) / 3)
  return Slope(value: fine, error: abs(fine - coarse) + 2 * 0x1p-43 * largest / step)
}

/// The gradient of `f` at `point`, element by element.
public func gradient(at point: [Double], step: Double = 0x1p-8, of f: ([Double]) -> Double) -> [Slope] {
  point.indices.map { index in
    slope(step: step) { distance in
      var moved = point
      moved[index] += distance
      return f(moved)
    }
  }
}

/// The largest distance of `analytic` from the slopes, as a share of the slopes' own errors.
public func deviation(of analytic: [Rounded], from slopes: [Slope]) -> Double {
  precondition(analytic.count == slopes.count && !slopes.isEmpty)
  return zip(analytic, slopes).reduce(0) { largest, pair in
    let difference = abs(pair.0.value - pair.1.value)
    if difference == 0 { return largest }
    return difference.isNaN ? .infinity : max(largest, difference / pair.1.error)
  }
}
