import Compute
import Foundation
import Optimization
import ReferenceArithmetic
import Testing

@Suite struct AdamWTests {
  static let count = 403
  /// Two tensors that are decayed, the second at a rate of its own, one between them and one after them that are not; the
  /// last has a gap before it, as tables have between tensors.
  static let groups = [
    ParameterGroup(range: 0..<137, weightDecay: 0.05), ParameterGroup(range: 137..<150, weightDecay: 0),
    ParameterGroup(range: 150..<301, weightDecay: 0.05, rateScale: 0.75),
    ParameterGroup(range: 304..<403, weightDecay: 0),
  ]

  @Test func manyStepsAgreeWithTheFormula() {
    let configuration = AdamWConfiguration()
    let arenas = Arenas()
    defer { extendLifetime(arenas) }
    let optimizer = AdamW(configuration, groups: Self.groups)
    var (p, m, v) = (arenas.parameters.all.array.map { Rounded($0) }, zeros, zeros)
    for step in 1...300 {
      arenas.drawGradient(step: step)
      let learningRate = 3e-3 * (1 + cos(Double(step) / 50))
      optimizer.update(arenas, in: 0..<Self.count, step: step, learningRate: learningRate, gradientScale: 1.0 / 48)

      // Constants are rounded once, from the exact ones, as they reach the kernel.
      let (beta1, beta2) = (Rounded(0.9).rounded(), Rounded(0.95).rounded())
      let correction = Rounded(1 / (1 - pow(0.95, Double(step))).squareRoot()).rounded()
      for group in Self.groups {
        let ownRate = learningRate * group.rateScale
        let rate = Rounded(ownRate / (1 - pow(0.9, Double(step)))).rounded()
        let kept = Rounded(1.0) - Rounded(ownRate * group.weightDecay).rounded()
        for index in group.range {
          let g = Rounded(arenas.gradient.base[index]) * Rounded(1.0 / 48).rounded()
          m[index] = m[index] * beta1 + g * (Rounded(1.0) - beta1)
          v[index] = v[index] * beta2 + g * g * (Rounded(1.0) - beta2)
          let denominator = v[index].squareRoot() * correction + Rounded(1e-8).rounded()
          p[index] = p[index] * kept - m[index] / denominator * rate
        }
      }
      if [1, 2, 10, 100, 300].contains(step) {
        #expect(deviation(of: arenas.parameters.all.array, from: p) <= 1, "step \(step)")
        #expect(deviation(of: arenas.momentRows.row(0).array, from: m) <= 1, "step \(step)")
        #expect(deviation(of: arenas.momentRows.row(1).array, from: v) <= 1, "step \(step)")
      }
    }
    // The bounds above mean something: the weights moved far, and the bounds stayed at a small part of that.
    let first = Arenas()
    defer { extendLifetime(first) }
    let moved = zip(p, first.parameters.all.array).map { abs($0.value - Double($1)) }
    #expect(moved.reduce(0, +) / Double(Self.count) > 0.05)
    #expect(p.allSatisfy { $0.error < 2e-4 })
  }

  @Test func decayIsTheOnlyDifferenceWithoutAGradient() {
    let arenas = Arenas()
    defer { extendLifetime(arenas) }
    let before = arenas.parameters.all.array
    let optimizer = AdamW(AdamWConfiguration(), groups: Self.groups)
    optimizer.update(arenas, in: 0..<Self.count, step: 1, learningRate: 0.1, gradientScale: 1)
    // No gradient: p·(1 − 0.1·scale·0.05) where decayed, in one rounding each of the decay, of 1 − decay and of the product.
    for group in Self.groups {
      for index in group.range {
        let (old, new) = (Double(before[index]), Double(arenas.parameters.base[index]))
        if group.weightDecay > 0 {
          #expect(abs(new - old * (1 - 0.1 * group.rateScale * 0.05)) <= abs(old) * 2.1 * 0x1p-24)
        } else {
          #expect(new == old)
        }
      }
    }
    #expect((301..<304).allSatisfy { arenas.parameters.base[$0] == before[$0] })
  }

  /// A constant gradient makes a first step of the learning rate, whatever its size.
  @Test func theFirstStepIsTheLearningRate() {
    let arenas = Arenas()
    defer { extendLifetime(arenas) }
    for index in 0..<Self.count { arenas.gradient.base[index] = index % 2 == 0 ? 1000 : -0.001 }
    let before = arenas.parameters.all.array
    let groups = [ParameterGroup(range: 0..<Self.count, weightDecay: 0)]
    AdamW(AdamWConfiguration(), groups: groups)
      .update(arenas, in: 0..<Self.count, step: 1, learningRate: 0.01, gradientScale: 1)
    for index in 0..<Self.count {
      let step = Double(arenas.parameters.base[index]) - Double(before[index])
      // m/(1 − β₁) and √(v/(1 − β₂)) are |g| but for the rounding of the betas, 2⁻²⁵ in 0.1 and in 0.05, and about ten
      // more; ε = 1e-8 takes 1e-5 of the smaller; then the parameter is rounded.
      let bound = 0.01 * ((5 + 10 + 10) * 0x1p-24 + 1.01e-5) + abs(Double(before[index])) * 0x1p-24
      #expect(abs(step - (index % 2 == 0 ? -0.01 : 0.01)) <= bound)
    }
  }

  @Test func anyCutOfTheArenaGivesTheSameBits() {
    let optimizer = AdamW(AdamWConfiguration(), groups: Self.groups)
    func bits(cuts: [Int]) -> [[UInt32]] {
      let arenas = Arenas()
      defer { extendLifetime(arenas) }
      let ends = cuts + [Self.count]
      for step in 1...20 {
        arenas.drawGradient(step: step)
        for (start, end) in zip([0] + cuts, ends).reversed() {
          optimizer.update(arenas, in: start..<end, step: step, learningRate: 1e-2, gradientScale: 0.1)
        }
      }
      return [arenas.parameters, arenas.moments].map { $0.all.array.map(\.bitPattern) }
    }
    let whole = bits(cuts: [])
    #expect(bits(cuts: [16]) == whole)
    #expect(bits(cuts: [1, 2, 136, 137, 138, 150, 299, 302, 304, 401]) == whole)
    #expect(bits(cuts: Array(1..<Self.count)) == whole)
    for threads in [2, 3, 7] {
      #expect(bits(cuts: (1..<threads).map { slice(of: Self.count, for: $0, among: threads).lowerBound }) == whole)
    }
  }

  private var zeros: [Rounded] { Array(repeating: Rounded(0.0), count: Self.count) }

  /// The four arenas. Parameters are drawn; moments and gradient are zero.
  final class Arenas {
    let parameters = Memory(count)
    let moments = Memory(2 * count)
    let gradient = Memory(count)

    var momentRows: Matrix { moments.all.reshaped(rows: 2, columns: count) }

    init() {
      var stream = RandomStream(seed: 1, purpose: .initialization)
      for index in 0..<count { parameters.base[index] = Float(stream.normal()) }
    }

    /// Elements of very different size, with a drift.
    func drawGradient(step: Int) {
      var stream = RandomStream(seed: 2, purpose: .initialization, sample: step)
      for group in groups {
        for index in group.range {
          gradient.base[index] = Float((stream.normal() + 0.3) * pow(10, Double(index % 7) - 4))
        }
      }
    }
  }

  final class Memory {
    private let buffer: AlignedBuffer<Float>
    init(_ count: Int) { buffer = AlignedBuffer(repeating: 0, count: count) }
    var all: Vector { buffer.all }
    var base: UnsafeMutablePointer<Float> { buffer.base }
  }
}

extension AdamW {
  fileprivate func update(
    _ arenas: AdamWTests.Arenas, in range: Range<Int>, step: Int, learningRate: Double, gradientScale: Double
  ) {
    update(
      parameters: arenas.parameters.all, moments: arenas.momentRows, gradient: arenas.gradient.all, in: range,
      step: step, learningRate: learningRate, gradientScale: gradientScale)
  }
}
