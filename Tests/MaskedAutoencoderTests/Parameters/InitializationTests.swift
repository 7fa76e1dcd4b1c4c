import Compute
import Foundation
import MaskedAutoencoder
import Testing

/// Of fixed seeds, so the same on every run; five deviations are passed by one sound draw in 1.7 million by chance.
@Suite struct InitializationTests {
  static let deviations = 5.0

  static let model = MaskedAutoencoder(
    sample((32, 32), patch: 8, channels: 3, ratio: 0.75, encoder: (256, 1, 4, 4), decoder: (128, 1, 4, 4)))

  static func arena(seed: UInt64 = 1) -> [Float] {
    let arena = AlignedBuffer<Float>(repeating: .nan, count: model.table.arenaCount)
    defer { extendLifetime(arena) }
    model.table.initialize(arena.all, seed: seed)
    return arena.all.array
  }

  /// Uniform within ±√(6 / (inputs + outputs)): mean 0, variance b²/3, fourth moment b⁴/5. Query, key and value are one
  /// matrix, and a patch projection is the matrix that it stands for.
  @Test func linearWeightsAreXavierUniform() {
    let arena = Self.arena()
    let weights = Self.model.table.specs.filter { $0.shape.count >= 2 && !$0.name.hasSuffix("token") }
    #expect(weights.count == 3 + 2 * 4)
    for spec in weights {
      let values = arena[spec.range].map(Double.init)
      let (outputs, inputs) = (spec.shape[0], spec.shape.dropFirst().reduce(1, *))
      let bound = (6 / Double(inputs + outputs)).squareRoot()
      let count = Double(values.count)
      // Rounding to a float may step over the bound.
      #expect(values.allSatisfy { abs($0) <= bound * (1 + 0x1p-24) }, "\(spec.name)")
      // n uniform draws all stay below (1 − 14/n)·b with probability e^(−14).
      #expect(values.max()! > bound * (1 - 28 / count) && values.min()! < -bound * (1 - 28 / count), "\(spec.name)")
      let mean = values.reduce(0, +) / count
      let variance = values.reduce(0) { $0 + $1 * $1 } / count
      #expect(abs(mean) <= Self.deviations * bound / (3 * count).squareRoot(), "\(spec.name)")
      #expect(
        abs(variance - bound * bound / 3) <= Self.deviations * bound * bound * (4 / 45 / count).squareRoot(),
        "\(spec.name)")
    }
  }

  /// Of a hundred models, as a token has few values.
  @Test func tokensAreNormal() {
    let small = sample((8, 8), patch: 4, channels: 3, ratio: 0.5, encoder: (64, 1, 4, 1), decoder: (64, 1, 4, 1))
    let table = MaskedAutoencoder(small).table
    let arena = AlignedBuffer<Float>(repeating: .nan, count: table.arenaCount)
    defer { extendLifetime(arena) }
    var tokens: [String: [Double]] = [:]
    for seed in 0..<100 as Range<UInt64> {
      table.initialize(arena.all, seed: seed)
      for spec in table.specs where spec.name.hasSuffix("token") {
        tokens[spec.name, default: []] += arena.all[spec.range].array.map { Double($0) / 0.02 }
      }
    }
    #expect(tokens.count == 2)
    for (name, values) in tokens {
      let count = Double(values.count)
      let variance = values.reduce(0) { $0 + $1 * $1 } / count
      let inside = Double(values.count { abs($0) < 1 }) / count
      #expect(abs(values.reduce(0, +) / count) <= Self.deviations / count.squareRoot(), "\(name)")
      #expect(abs(variance - 1) <= Self.deviations * (2 / count).squareRoot(), "\(name)")
      #expect(
        abs(inside - 0.682_689) <= Self.deviations * (0.682_689 * 0.317_311 / count).squareRoot(), "\(name)")
    }
  }

  @Test func biasesAreZeroAndNormsBeginAsTheIdentity() {
    let arena = Self.arena()
    for spec in Self.model.table.specs where spec.shape.count == 1 {
      let expected: Float = spec.name.hasSuffix(".weight") ? 1 : 0
      #expect(arena[spec.range].allSatisfy { $0 == expected }, "\(spec.name)")
    }
  }

  @Test func gapsAreZero() {
    let arena = Self.arena()
    var isGap = Array(repeating: true, count: arena.count)
    for spec in Self.model.table.specs { for index in spec.range { isGap[index] = false } }
    #expect(zip(arena, isGap).allSatisfy { $0 == 0 || !$1 })
    #expect(arena.allSatisfy { $0.isFinite })
  }

  @Test func seedAndTensorDecideTheNumbers() {
    let (arena, again, other) = (Self.arena(), Self.arena(), Self.arena(seed: 2))
    #expect(arena.map(\.bitPattern) == again.map(\.bitPattern))
    var first: [String: [Float]] = [:]
    for spec in Self.model.table.specs where spec.shape.count >= 2 {
      let values = Array(arena[spec.range])
      #expect(values != Array(other[spec.range]), "\(spec.name)")
      first[spec.name] = values.prefix(100).map { $0 / values[0] }
    }
    #expect(Set(first.values).count == first.count, "two tensors drew the same numbers")
  }
}
