import Compute
import MaskedAutoencoder
import Testing
import VisionTransformer

@Suite struct MaskingTests {
  /// Patches, ratio and int(L·(1 − ratio)) as Python has it, where 60·(1 − 0.9) is a little less than 6.
  @Test(arguments: [
    (14, 14, 0.75, 49), (14, 14, 0.9, 19), (16, 16, 0.75, 64), (4, 4, 0.6, 6), (5, 5, 0.6, 10), (4, 5, 0.9, 1),
    (6, 10, 0.9, 5), (1, 7, 0.5, 3), (40, 40, 0.99, 16), (8, 8, 0.4, 38),
  ])
  func countOfVisiblePatches(_ rows: Int, _ columns: Int, _ ratio: Double, _ visible: Int) {
    var model = ModelConfiguration()
    model.patchSize = 3
    model.imageSize = GridSize(height: 3 * rows, width: 3 * columns)
    model.maskRatio = ratio
    #expect(model.visibleCount == visible)
    #expect(model.maskedCount == rows * columns - visible)
  }

  /// Noise of few different values, so with many ties; the order is that of a stable sort.
  @Test func lowestNoiseStaysAndTiesKeepTheirOrder() {
    let model = SampleModel(
      sample(
        (6, 10), patch: 1, channels: 1, ratio: 0.7, normalizes: false, encoder: (4, 1, 1, 1), decoder: (4, 1, 1, 1)),
      images: 4)
    var stream = RandomStream(seed: 3, purpose: .mask)
    for _ in 0..<5 {
      model.noise = (0..<4).map { _ in (0..<60).map { _ in Float(stream.integer(below: 9)) / 8 } }
      _ = model.forward()
      for (order, noise) in zip(model.workspace.order, model.noise) {
        #expect(order.sorted() == Array(0..<60))
        for (patch, next) in zip(order, order.dropFirst()) {
          #expect(noise[patch] < noise[next] || (noise[patch] == noise[next] && patch < next))
        }
        let mask = model.reference.mask(noise: noise)
        #expect(order.prefix(18).allSatisfy { !mask[$0] } && order.suffix(42).allSatisfy { mask[$0] })
      }
    }
  }

  @Test func noiseIsAFunctionOfSeedEpochAndSample() {
    let noise = maskNoise(patchCount: 196, seed: 1, epoch: 2, sample: 3)
    #expect(noise.count == 196 && noise.allSatisfy { $0 >= 0 && $0 < 1 })
    #expect(noise == maskNoise(patchCount: 196, seed: 1, epoch: 2, sample: 3))
    #expect(noise != maskNoise(patchCount: 196, seed: 2, epoch: 2, sample: 3))
    #expect(noise != maskNoise(patchCount: 196, seed: 1, epoch: 3, sample: 3))
    #expect(noise != maskNoise(patchCount: 196, seed: 1, epoch: 2, sample: 4))
  }

  /// Each patch of many samples is visible about as often as the ratio says: binomial, five deviations.
  @Test func everyPatchIsVisibleEquallyOften() {
    let (patches, visible, samples) = (16, 4, 20_000)
    var counts = Array(repeating: 0, count: patches)
    for sample in 0..<samples {
      let noise = maskNoise(patchCount: patches, seed: 9, epoch: 0, sample: sample)
      for patch in noise.indices.sorted(by: { noise[$0] < noise[$1] }).prefix(visible) { counts[patch] += 1 }
    }
    let (share, expected) = (Double(visible) / Double(patches), Double(samples * visible / patches))
    for count in counts { #expect(abs(Double(count) - expected) <= 5 * (expected * (1 - share)).squareRoot()) }
  }
}
