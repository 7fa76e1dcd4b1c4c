import Compute
import MaskedAutoencoder
import ReferenceArithmetic
import Testing

/// Products in bfloat16 against the reference in double precision, which errs by chance where the product rounds to
/// bfloat16, each time by a whole 2⁻⁸ of the value: a real rounding to eight bits is between nothing and that.
@Suite struct MixedPrecisionTests {
  /// So many evaluations with noise tell its deviation.
  static let noises: ClosedRange<UInt64> = 1...16
  /// Student's t of sixteen degrees of freedom leaves one in a million outside of ±7.65 measured deviations.
  static let quantile = 7.65

  @Test(arguments: ReferenceTests.Case.allCases) func lossAgrees(_ sample: ReferenceTests.Case) {
    let model = SampleModel(sample.configuration, precision: .bf16)
    let (images, noise) = (model.images, model.noise)
    var exact = model.reference
    let loss = exact.loss(images: images, noise: noise)
    let errors = Self.noises.map { seed in
      var noisy = model.reference.inBFloat16(seed: seed)
      return noisy.loss(images: images, noise: noise) - loss
    }
    let found = model.forward()
    #expect(abs(found - loss) <= Self.quantile * rootMeanSquare(errors))
    #expect(found != SampleModel(sample.configuration).forward(), "nothing was rounded")
  }

  /// Each tensor's gradient along a direction drawn at random, in which all of its elements count.
  @Test(arguments: ReferenceTests.Case.allCases) func everyGradientAgrees(_ sample: ReferenceTests.Case) {
    let model = SampleModel(sample.configuration, precision: .bf16)
    _ = model.forwardAndBackward()
    let (images, noise) = (model.images, model.noise)
    let exact = model.reference
    let noisy = Self.noises.map { exact.inBFloat16(seed: $0) }
    for (index, spec) in model.table.specs.enumerated() {
      let gradient = model.gradient.all[spec.range].array.map(Double.init)
      var stream = RandomStream(seed: 6, purpose: .crop, sample: index)
      let drawn = gradient.map { _ in stream.normal() }
      let length = drawn.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let direction = drawn.map { $0 / length }
      func loss(of reference: ReferenceModel, at distance: Double) -> Double {
        var moved = reference
        moved.parameters[spec.name] = zip(reference.parameters[spec.name]!, direction).map { $0 + distance * $1 }
        return moved.loss(images: images, noise: noise)
      }
      let step = 0x1p-9
      func difference(_ reference: ReferenceModel) -> Double {
        (loss(of: reference, at: step) - loss(of: reference, at: -step)) / (2 * step)
      }
      let expected = slope(step: step) { loss(of: exact, at: $0) }
      let plain = difference(exact)
      let bound = expected.error + Self.quantile * rootMeanSquare(noisy.map { difference($0) - plain })
      let found = zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(abs(found - expected.value) <= bound, "\(spec.name): \(found), not \(expected.value) ± \(bound)")
    }
  }

  @Test func imagesDoNotInfluenceEachOther() {
    let configuration = ReferenceTests.Case.landscape.configuration
    let three = SampleModel(configuration, images: 3, precision: .bf16)
    let before = (three.forward(), three.activation("decoder_norm", image: 1))
    for index in 0..<configuration.imageValues { three.workspace.images[0, index] += 1 }
    #expect(three.forward() != before.0)
    #expect(three.activation("decoder_norm", image: 1) == before.1)
  }
}

extension ReferenceModel {
  /// The same, erring where products in bfloat16 do: in the matrices, once for all their uses, and in what is stored.
  fileprivate func inBFloat16(seed: UInt64) -> ReferenceModel {
    var noisy = self
    noisy.storing = RoundingNoise(unit: 0x1p-8, seed: seed)
    var noise = RoundingNoise(unit: 0x1p-8, seed: seed + 1000)
    for name in parameters.keys.sorted() where name.hasSuffix(".weight") && !name.contains("norm") {
      noisy.parameters[name] = parameters[name]!.map { noise.round($0) }
    }
    return noisy
  }
}
