import Compute
import Foundation
import ReferenceArithmetic
import Testing

@Suite struct GELUTests {
  /// Every 4099th of all finite floats, of both signs, and a fine grid where the function bends.
  static let sweep: [Float] = {
    let everywhere = stride(from: UInt32(0), to: 0x7F80_0000, by: 4099).map { Float(bitPattern: $0) }
    let bend = (0...280_000).map { Float($0) / 20_000 }
    return (everywhere + bend).flatMap { [$0, -$0] } + [.greatestFiniteMagnitude, -.greatestFiniteMagnitude]
  }()

  /// The tail Φ(−|x|) in units: e^(−x²/2) takes the rounding of x² times x²/2, and 2.6 units of its own; the polynomial
  /// is off by 1.1, and by 10.9 for its two roundings of t, eight steps of Horner and two products (running error
  /// analysis; t = 1 is the worst).
  static func tailUnits(_ x: Double) -> Double { x * x / 2 + Rounded.exponentialUnits + 1.1 + 10.9 }
  /// What underflow takes: the tail is zero from |x| = 13.19 on.
  static let underflow = exp(-87.0)

  /// Φ(x) with the error that the kernel may make.
  static func distribution(_ x: Double) -> Rounded {
    let tail = erfc(abs(x) / 2.0.squareRoot()) / 2
    let tailError = tail * expm1(tailUnits(x) * Rounded.unit) + underflow
    return x < 0
      ? Rounded(value: tail, error: tailError)
      : Rounded(value: erfc(-x / 2.0.squareRoot()) / 2, error: tailError).rounded()
  }

  /// Φ(x) + x·φ(x): the density is the bell with the roundings of its constant and of one product.
  static func derivative(_ x: Double) -> Rounded {
    let density = exp(-x * x / 2) / (2 * Double.pi).squareRoot()
    let units = x * x / 2 + Rounded.exponentialUnits + 2
    let slope = Rounded(
      value: abs(x) < 1e150 ? x * density : 0,
      error: min(abs(x), 14) * (density * expm1(min(units, 1e3) * Rounded.unit) + underflow))
    let phi = distribution(x)
    return Rounded(value: phi.value + slope.value, error: phi.error + slope.error).rounded()
  }

  @Test func isAccurateEverywhere() {
    let count = Self.sweep.count
    let x = FramedMatrix(rows: 1, columns: count, values: Self.sweep)
    defer { extendLifetime(x) }
    let ones = FramedMatrix(rows: 1, columns: count, values: Array(repeating: 1, count: count))
    defer { extendLifetime(ones) }
    let (y, again, derivative) = (
      FramedMatrix(rows: 1, columns: count), FramedMatrix(rows: 1, columns: count),
      FramedMatrix(rows: 1, columns: count)
    )
    geluForward(output: y.vector, input: x.vector)
    geluBackward(
      inputGradient: derivative.vector, output: again.vector, outputGradient: ones.vector, input: x.vector)
    let values = Self.sweep.map { Rounded($0) * Self.distribution(Double($0)) }
    #expect(deviation(of: y.values, from: values) <= 1)
    #expect(again.bits == y.bits)
    #expect(deviation(of: derivative.values, from: Self.sweep.map { Self.derivative(Double($0)) }) <= 1)
  }

  @Test func derivativeReferenceIsTheSlopeOfForward() {
    for x in stride(from: -8.0, through: 8, by: 0.37) {
      let slope = slope { distance in
        let moved = x + distance
        return moved * erfc(-moved / 2.0.squareRoot()) / 2
      }
      #expect(abs(Self.derivative(x).value - slope.value) <= slope.error, "at \(x)")
    }
  }

  /// Zero keeps its sign. What is not finite leaves something that is not finite in y or its derivative, so that a run
  /// stops on it.
  @Test func edges() {
    let inputs: [Float] = [0, -0.0, .infinity, -.infinity, .nan, Float(nan: 1, signaling: false)]
    let data = Data(count: inputs.count, .aligned, values: inputs)
    data.run()
    #expect(data.y.bits[0] == Float(0).bitPattern && data.y.bits[1] == Float(-0.0).bitPattern)
    #expect(data.y.values[2] == .infinity)
    #expect(data.y.values[3...].allSatisfy { $0.isNaN })
    #expect(data.dx.values[2...].allSatisfy { $0.isNaN })
  }

  @Test(arguments: [1, 16, 37, 515]) func placementAndReuseOfMemoryChangeNoBit(_ count: Int) {
    var first: [[UInt32]]?
    for placement in Placement.all {
      let data = Data(count: count, placement, values: normals(count, seed: 1).map { Float($0) })
      data.run()
      let bits = [data.y.bits, data.dx.bits]
      #expect(bits == first ?? bits, "\(placement)")
      #expect(data.y.frameIsIntact && data.dx.frameIsIntact, "\(placement)")
      first = bits
      geluBackward(
        inputGradient: data.dy.vector, output: data.x.vector, outputGradient: data.dy.vector, input: data.x.vector)
      #expect([data.x.bits, data.dy.bits] == bits, "in place")
    }
  }

  /// The gradient is the upstream one times the derivative that an upstream gradient of one shows.
  @Test(arguments: Placement.all) func backwardIsTheProductWithTheDerivative(_ placement: Placement) {
    let data = Data(count: 37, placement, values: normals(37, seed: 1).map { Float($0) })
    data.run()
    let ones = FramedMatrix(rows: 1, columns: 37, values: Array(repeating: 1, count: 37))
    defer { extendLifetime(ones) }
    let (derivative, y) = (FramedMatrix(rows: 1, columns: 37), FramedMatrix(rows: 1, columns: 37))
    geluBackward(
      inputGradient: derivative.vector, output: y.vector, outputGradient: ones.vector, input: data.x.vector)
    #expect(data.dx.values == zip(data.dy.values, derivative.values).map { $0 * $1 })
    #expect(data.again.bits == data.y.bits)
  }

  /// x, an upstream gradient, and what forward and backward make of them.
  struct Data {
    let x, dy, y, again, dx: FramedMatrix

    init(count: Int, _ placement: Placement, values: [Float]) {
      x = FramedMatrix(rows: 1, columns: count, placement, values: values)
      dy = FramedMatrix(rows: 1, columns: count, placement, seed: 2)
      (y, again, dx) = (
        FramedMatrix(rows: 1, columns: count, placement), FramedMatrix(rows: 1, columns: count, placement),
        FramedMatrix(rows: 1, columns: count, placement)
      )
    }

    func run() {
      geluForward(output: y.vector, input: x.vector)
      geluBackward(inputGradient: dx.vector, output: again.vector, outputGradient: dy.vector, input: x.vector)
    }
  }
}
