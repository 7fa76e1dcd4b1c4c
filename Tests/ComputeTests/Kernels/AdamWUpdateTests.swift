import Compute
import ReferenceArithmetic
import Testing

@Suite struct AdamWUpdateTests {
  static let update = AdamWUpdate(
    gradientScale: 1 / 48.0, beta1: 0.9, beta2: 0.95, rate: 2.4e-3, decay: 1.2e-4, correction: 1.37, epsilon: 1e-8)

  @Test(arguments: [1, 16, 37, 1003]) func oneStep(_ count: Int) {
    var first: [[UInt32]]?
    for placement in Placement.all {
      let p = FramedMatrix(rows: 1, columns: count, placement, seed: 1)
      let m = FramedMatrix(rows: 1, columns: count, placement, seed: 2, scale: 0.1)
      let v = FramedMatrix(rows: 1, columns: count, placement, values: normals(count, seed: 3).map { $0 * $0 })
      let g = FramedMatrix(rows: 1, columns: count, placement, seed: 4, scale: 5)
      let reference = (0..<count).map { index in
        referenceAdamW(
          Self.update, p: Rounded(p.values[index]), m: Rounded(m.values[index]), v: Rounded(v.values[index]),
          g: Rounded(g.values[index]))
      }
      let given = g.bits
      Self.update.apply(parameters: p.vector, firstMoment: m.vector, secondMoment: v.vector, gradient: g.vector)
      #expect(deviation(of: p.values, from: reference.map(\.p)) <= 1)
      #expect(deviation(of: m.values, from: reference.map(\.m)) <= 1)
      #expect(deviation(of: v.values, from: reference.map(\.v)) <= 1)
      #expect(g.bits == given)
      let bits = [p.bits, m.bits, v.bits]
      #expect(bits == first ?? bits, "\(placement)")
      #expect(p.frameIsIntact && m.frameIsIntact && v.frameIsIntact, "\(placement)")
      first = bits
    }
  }

  @Test func nothingMovesWithoutGradientAndDecay() {
    var update = Self.update
    update.decay = 0
    let p = FramedMatrix(rows: 1, columns: 37, seed: 1)
    let zeros = (0..<3).map { _ in FramedMatrix(rows: 1, columns: 37, values: Array(repeating: 0, count: 37)) }
    defer { extendLifetime(zeros) }
    let before = p.bits
    update.apply(
      parameters: p.vector, firstMoment: zeros[0].vector, secondMoment: zeros[1].vector, gradient: zeros[2].vector)
    #expect(p.bits == before)
  }

  @Test func notANumberIsNotSwallowed() {
    let p = FramedMatrix(rows: 1, columns: 20, seed: 1)
    let moments = (0..<2).map { _ in FramedMatrix(rows: 1, columns: 20, values: Array(repeating: 0, count: 20)) }
    defer { extendLifetime(moments) }
    var gradient = normals(20, seed: 2)
    gradient[18] = .nan
    let g = FramedMatrix(rows: 1, columns: 20, values: gradient)
    defer { extendLifetime(g) }
    Self.update.apply(
      parameters: p.vector, firstMoment: moments[0].vector, secondMoment: moments[1].vector, gradient: g.vector)
    #expect(p.values.indices.filter { p.values[$0].isNaN } == [18])
  }
}

/// One element of AdamW, as the kernel's formula says.
func referenceAdamW<Number: Real>(
  _ update: AdamWUpdate, p: Number, m: Number, v: Number, g: Number
) -> (p: Number, m: Number, v: Number) {
  let (one, beta1, beta2) = (Number(1.0), Number(update.beta1), Number(update.beta2))
  let gradient = g * Number(update.gradientScale)
  let first = m * beta1 + gradient * (one - beta1)
  let second = v * beta2 + gradient * gradient * (one - beta2)
  let step = first / (second.squareRoot() * Number(update.correction) + Number(update.epsilon))
  return (p * (one - Number(update.decay)) - step * Number(update.rate), first, second)
}
