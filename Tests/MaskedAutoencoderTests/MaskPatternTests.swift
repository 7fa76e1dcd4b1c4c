import Compute
import Configuration
import MaskedAutoencoder
import Testing
import VisionTransformer

/// Block-wise and grid-wise masks. Masks of patches on their own are in `MaskingTests`.
@Suite struct MaskPatternTests {
  private func model(_ masking: Masking, rows: Int, columns: Int, ratio: Double) -> ModelConfiguration {
    var model = ModelConfiguration()
    model.patchSize = 3
    model.imageSize = GridSize(height: 3 * rows, width: 3 * columns)
    (model.masking, model.maskRatio) = (masking, ratio)
    return model
  }

  private func noise(_ model: ModelConfiguration, seed: UInt64 = 1, epoch: Int = 2, sample: Int) -> [Float] {
    let noise = AlignedBuffer<Float>(repeating: 0, count: model.patchCount)
    defer { extendLifetime(noise) }
    maskNoise(output: noise.all, for: model, seed: seed, epoch: epoch, sample: sample)
    return noise.all.array
  }

  /// Whether each patch is removed: all but those of lowest noise.
  private func removed(_ model: ModelConfiguration, sample: Int) -> [Bool] {
    let noise = noise(model, sample: sample)
    var removed = Array(repeating: true, count: noise.count)
    for patch in noise.indices.sorted(by: { (noise[$0], $0) < (noise[$1], $1) }).prefix(model.visibleCount) {
      removed[patch] = false
    }
    return removed
  }

  @Test func randomMasksAreWhatTheyWere() {
    let model = model(.random, rows: 14, columns: 14, ratio: 0.75)
    #expect(noise(model, sample: 3) == maskNoise(patchCount: 196, seed: 1, epoch: 2, sample: 3))
  }

  @Test(arguments: [Masking.block, .grid]) func aPatternIsAFunctionOfSeedEpochAndSample(masking: Masking) {
    let model = model(masking, rows: 14, columns: 14, ratio: 0.75)
    #expect(noise(model, sample: 3) == noise(model, sample: 3))
    #expect(noise(model, sample: 3) != noise(model, seed: 2, sample: 3))
    #expect(noise(model, sample: 3) != noise(model, epoch: 3, sample: 3))
    #expect(noise(model, sample: 3) != noise(model, sample: 4))
  }

  /// Of each square one patch, at the same place of all squares; every place comes up, each about as often.
  @Test(arguments: [(14, 14, 0.75, 2), (4, 12, 0.9375, 4), (9, 6, 1 - 1.0 / 9, 3)])
  func aGridKeepsOnePatchOfEachSquare(_ rows: Int, _ columns: Int, _ ratio: Double, _ side: Int) {
    let model = model(.grid, rows: rows, columns: columns, ratio: ratio)
    let samples = 200
    var places = Array(repeating: 0, count: side * side)
    for sample in 0..<samples {
      let visible = removed(model, sample: sample).enumerated().filter { !$0.element }.map(\.offset)
      let kept = Set(visible.map { $0 / columns % side * side + $0 % columns % side })
      #expect(visible.count == rows * columns / (side * side) && kept.count == 1)
      places[kept.first!] += 1
    }
    let expected = Double(samples) / Double(side * side)
    for count in places { #expect(abs(Double(count) - expected) <= 5 * expected.squareRoot()) }
  }

  /// A removed rectangle of BEiT's smallest size, 16 of 196 patches, in every image: among patches that are removed on their
  /// own, half of them, one image in 500 has such a rectangle.
  @Test func blocksAreRectangles() {
    let block = model(.block, rows: 14, columns: 14, ratio: 0.5)
    let random = model(.random, rows: 14, columns: 14, ratio: 0.5)
    func hasRectangle(_ removed: [Bool]) -> Bool {
      [(4, 4), (3, 6), (6, 3), (3, 5), (5, 3), (7, 2), (2, 7)].contains { height, width in
        (0...14 - height).contains { top in
          (0...14 - width).contains { left in
            (top..<top + height).allSatisfy { row in
              (left..<left + width).allSatisfy { removed[row * 14 + $0] }
            }
          }
        }
      }
    }
    #expect((0..<50).allSatisfy { hasRectangle(removed(block, sample: $0)) })
    #expect((0..<50).count { hasRectangle(removed(random, sample: $0)) } < 5)
  }

  /// Whatever the blocks leave open, the visible patches have no pattern added to their noise, and all sides and ratios end.
  @Test(arguments: [
    (14, 14, 0.75), (7, 7, 0.75), (2, 2, 0.5), (1, 9, 0.6), (14, 14, 0.02), (16, 16, 0.95), (3, 5, 0.8),
  ])
  func blocksRemoveNoMoreThanAsked(_ rows: Int, _ columns: Int, _ ratio: Double) {
    let model = model(.block, rows: rows, columns: columns, ratio: ratio)
    for sample in 0..<100 {
      let noise = noise(model, sample: sample)
      #expect(noise.allSatisfy { $0 >= 0 && $0 < 2 })
      #expect(noise.count { $0 >= 1 } <= model.maskedCount)
    }
  }

  /// Nearly all that is removed lies in blocks.
  @Test func blocksLeaveLittleToChance() {
    let model = model(.block, rows: 14, columns: 14, ratio: 0.75)
    let inBlocks = (0..<100).reduce(0) { $0 + noise(model, sample: $1).count { $0 >= 1 } }
    #expect(Double(inBlocks) > 0.95 * Double(100 * model.maskedCount))
  }

  @Test func aGridThatDoesNotExistIsRefused() throws {
    func refusal(_ rows: Int, _ columns: Int, _ ratio: Double) -> String? {
      do throws(ConfigurationError) {
        try model(.grid, rows: rows, columns: columns, ratio: ratio).validate(at: ConfigurationPath.root["model"])
        return nil
      } catch {
        return error.description
      }
    }
    #expect(refusal(14, 14, 0.75) == nil)
    let ratio = try #require(refusal(12, 12, 0.6))
    #expect(ratio.contains("model.masking is grid, which keeps one patch of each square"), "\(ratio)")
    #expect(ratio.contains("take a model.mask_ratio of 0.75 or 0.888"), "\(ratio)")
    let odd = try #require(refusal(7, 7, 0.75))
    #expect(odd.contains("take a model.mask_ratio of 0.9795918367346939, or"), "\(odd)")
    let prime = try #require(refusal(7, 5, 0.75))
    #expect(prime.contains("take random or block"), "\(prime)")
  }
}
