/// In which numbers an image is resampled. The two passes are the same for all; what differs is how a sum of weighted
/// samples is taken and rounded.
protocol ResamplingArithmetic {
  associatedtype Element: Sample
  /// What the horizontal pass leaves for the vertical one.
  associatedtype Partial: SIMDScalar, ExpressibleByIntegerLiteral
  associatedtype Weight

  static func weights(of axis: ResamplingAxis) -> [Weight]
  /// The horizontal pass: `count` vectors of sixteen samples times a weight each.
  static func narrowed(
    _ samples: UnsafePointer<SIMD16<Element>>, _ weights: UnsafePointer<Weight>, count: Int
  ) -> SIMD16<Partial>
  /// The vertical pass: the same, of vectors that lie `stride` values apart.
  static func shortened(
    _ partials: UnsafePointer<Partial>, stride: Int, _ weights: UnsafePointer<Weight>, count: Int
  ) -> SIMD16<Element>
}

/// Pillow's arithmetic for 8-bit images: weights of 22 fractional bits, 8 bits between the passes.
///
/// Sums stay below 2³¹: weights are below 1.2 · 2²² in absolute value, and where they add up to more than that, they have
/// both signs.
enum ByteArithmetic: ResamplingArithmetic {
  static func weights(of axis: ResamplingAxis) -> [Int32] { axis.fixedPointWeights }

  @inline(__always)
  static func narrowed(
    _ samples: UnsafePointer<SIMD16<UInt8>>, _ weights: UnsafePointer<Int32>, count: Int
  ) -> SIMD16<UInt8> {
    var sum = half
    for tap in 0..<count {
      sum &+= SIMD16<Int32>(truncatingIfNeeded: samples[tap]) &* weights[tap]
    }
    return rounded(sum)
  }

  @inline(__always)
  static func shortened(
    _ partials: UnsafePointer<UInt8>, stride: Int, _ weights: UnsafePointer<Int32>, count: Int
  ) -> SIMD16<UInt8> {
    var sum = half
    for tap in 0..<count {
      let samples = UnsafeRawPointer(partials + tap &* stride).loadUnaligned(as: SIMD16<UInt8>.self)
      sum &+= SIMD16<Int32>(truncatingIfNeeded: samples) &* weights[tap]
    }
    return rounded(sum)
  }

  @inline(__always)
  private static var half: SIMD16<Int32> { SIMD16(repeating: 1 << (ResamplingAxis.fractionBits - 1)) }

  @inline(__always)
  private static func rounded(_ sum: SIMD16<Int32>) -> SIMD16<UInt8> {
    let samples = sum &>> SIMD16(repeating: ResamplingAxis.fractionBits)
    return SIMD16<UInt8>(
      truncatingIfNeeded: samples.clamped(lowerBound: SIMD16(repeating: 0), upperBound: SIMD16(repeating: 255)))
  }
}

/// Pillow's arithmetic for floats (mode `F`): sums in double precision, floats between the passes.
enum FloatArithmetic: ResamplingArithmetic {
  static func weights(of axis: ResamplingAxis) -> [Double] { axis.weights }

  @inline(__always)
  static func narrowed(
    _ samples: UnsafePointer<SIMD16<Float>>, _ weights: UnsafePointer<Double>, count: Int
  ) -> SIMD16<Float> {
    var sum = SIMD16<Double>(repeating: 0)
    for tap in 0..<count { sum += SIMD16<Double>(samples[tap]) * weights[tap] }
    return SIMD16<Float>(sum)
  }

  @inline(__always)
  static func shortened(
    _ partials: UnsafePointer<Float>, stride: Int, _ weights: UnsafePointer<Double>, count: Int
  ) -> SIMD16<Float> {
    SIMD16<Float>(doubleSum(partials, stride: stride, weights, count: count))
  }
}

/// 16-bit samples: sums in double precision, floats between the passes, which hold 16 bits and eight bits of fraction;
/// rounded once, at the end, halves to the even neighbour.
enum WordArithmetic: ResamplingArithmetic {
  static func weights(of axis: ResamplingAxis) -> [Double] { axis.weights }

  @inline(__always)
  static func narrowed(
    _ samples: UnsafePointer<SIMD16<UInt16>>, _ weights: UnsafePointer<Double>, count: Int
  ) -> SIMD16<Float> {
    var sum = SIMD16<Double>(repeating: 0)
    for tap in 0..<count { sum += SIMD16<Double>(samples[tap]) * weights[tap] }
    return SIMD16<Float>(sum)
  }

  @inline(__always)
  static func shortened(
    _ partials: UnsafePointer<Float>, stride: Int, _ weights: UnsafePointer<Double>, count: Int
  ) -> SIMD16<UInt16> {
    let sum = doubleSum(partials, stride: stride, weights, count: count)
    let inRange = sum.clamped(lowerBound: SIMD16(repeating: 0), upperBound: SIMD16(repeating: 65535))
    return SIMD16<UInt16>(truncatingIfNeeded: SIMD16<Int32>(inRange.rounded(.toNearestOrEven)))
  }
}

@inline(__always)
private func doubleSum(
  _ partials: UnsafePointer<Float>, stride: Int, _ weights: UnsafePointer<Double>, count: Int
) -> SIMD16<Double> {
  var sum = SIMD16<Double>(repeating: 0)
  for tap in 0..<count {
    let samples = UnsafeRawPointer(partials + tap &* stride).loadUnaligned(as: SIMD16<Float>.self)
    sum += SIMD16<Double>(samples) * weights[tap]
  }
  return sum
}
