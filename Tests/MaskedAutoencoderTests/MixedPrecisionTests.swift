import Compute
import MaskedAutoencoder
import ReferenceArithmetic
import Testing

/// Products in bfloat16 against the reference in double precision, which errs by chance as bfloat16 does: by up to a whole
/// 2⁻⁸ in every operation, where the product's roundings to bfloat16 are by half of that and only in some.
@Suite struct MixedPrecisionTests {
  @Test(arguments: ReferenceTests.Case.allCases) func lossAgrees(_ sample: ReferenceTests.Case) {
    let model = SampleModel(sample.configuration, precision: .bf16)
    let (images, noise) = (model.images, model.noise)
    var exact = model.reference
    let loss = exact.loss(images: images, noise: noise)
    let errors = ReferenceTests.noises.map { seed in
      var noisy = model.reference
      noisy.rounding = RoundingNoise(unit: 0x1p-8, seed: seed)
      return noisy.loss(images: images, noise: noise) - loss
    }
    let deviation = (errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)).squareRoot()
    let found = model.forward()
    #expect(abs(found - loss) <= ReferenceTests.quantile * deviation)
    #expect(found != SampleModel(sample.configuration).forward(), "nothing was rounded")
  }

  /// The gradient of all parameters points where the one in single precision does: their difference is a small part of
  /// them. Its parts are rounded a few hundred times on the way, each by at most 2⁻⁹, and the roundings are independent.
  @Test(arguments: ReferenceTests.Case.allCases) func gradientAgrees(_ sample: ReferenceTests.Case) {
    let (mixed, single) = (SampleModel(sample.configuration, precision: .bf16), SampleModel(sample.configuration))
    _ = (mixed.forwardAndBackward(), single.forwardAndBackward())
    var (difference, length) = (0.0, 0.0)
    for (a, b) in zip(mixed.gradient.all.array, single.gradient.all.array) {
      difference += Double(a - b) * Double(a - b)
      length += Double(b) * Double(b)
    }
    let ratio = (difference / length).squareRoot()
    #expect(ratio > 0 && ratio <= 400.squareRoot() * 0x1p-9, "\(ratio)")
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
