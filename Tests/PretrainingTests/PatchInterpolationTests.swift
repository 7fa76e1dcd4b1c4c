import Compute
import MaskedAutoencoder
import Testing

@testable import Pretraining

@Suite struct PatchInterpolationTests {
  /// 4 x 4 patches of 3 x 3 pixels, half of them removed.
  private func model(normalizesPixels: Bool = false, channels: Int = 1) -> ModelConfiguration {
    var model = ModelConfiguration()
    model.imageSize = .init(height: 12, width: 12)
    model.patchSize = 3
    model.channels = channels
    model.maskRatio = 0.5
    model.normalizesPixels = normalizesPixels
    return model
  }

  /// The visible patches of a chessboard, then the others.
  private let order = (0..<16).filter { ($0 / 4 + $0) % 2 == 0 } + (0..<16).filter { ($0 / 4 + $0) % 2 == 1 }

  /// The loss of an image that is a function of row and column; its targets are what the model's would be.
  private func loss(_ model: ModelConfiguration, _ value: (_ channel: Int, _ row: Int, _ column: Int) -> Double)
    -> Double
  {
    let image = AlignedBuffer<Float>(
      (0..<model.imageValues).map { Float(value($0 / 144, $0 % 144 / 12, $0 % 12)) })
    var targets: [Float] = []
    for patch in order.suffix(8) {
      let values = (0..<9 * model.channels).map { place in
        let (pixel, channel) = place.quotientAndRemainder(dividingBy: model.channels)
        return Float(value(channel, patch / 4 * 3 + pixel / 3, patch % 4 * 3 + pixel % 3))
      }
      let statistics = patchStatistics(values)
      targets += model.normalizesPixels ? values.map { ($0 - statistics.mean) / statistics.deviation } : values
    }
    let buffer = AlignedBuffer<Float>(targets)
    defer {
      extendLifetime(image)
      extendLifetime(buffer)
    }
    return PatchInterpolation(model: model).loss(
      image: image.all, order: order, targets: buffer.all.reshaped(rows: 8, columns: model.patchValues))
  }

  /// What is the same everywhere is filled in without error.
  @Test func constantImages() {
    #expect(loss(model()) { _, _, _ in 0.75 } == 0)
    #expect(loss(model(channels: 3)) { channel, _, _ in Double(channel) - 1 } == 0)
    // Every deviation is the epsilon's then, and nothing is left of a patch less its mean.
    #expect(loss(model(normalizesPixels: true)) { _, _, _ in 0.75 } == 0)
  }

  /// A slope is its own solution inside; the image's edges have no neighbours, and there it is not.
  @Test func smoothImagesCostLess() {
    let slope = { (_: Int, row: Int, column: Int) in Double(row) * 0.2 - Double(column) * 0.1 }
    // The variance about the image's mean is what the same fill everywhere would cost.
    let variance = (143.0 / 12) * (0.04 + 0.01)
    #expect(loss(model(), slope) < 0.1 * variance)
    // A chessboard of pixels, of variance 1, has nothing that neighbours tell, and between -1 and 1 no value is off by more
    // than 2.
    let board = loss(model()) { _, row, column in (row + column) % 2 == 0 ? 1 : -1 }
    #expect(board > loss(model(), slope) / variance && board <= 4)
  }

  /// With normalised targets too a smooth image is worth more than each patch's mean, which costs (n − 1)/n.
  @Test func normalizedTargets() {
    let smooth = loss(model(normalizesPixels: true)) { _, row, column in Double(row * row) / 20 + Double(column) / 3 }
    #expect(smooth < 0.6)
    // Patches that say nothing of one another: a fill is nearly their mean.
    let unrelated = loss(model(normalizesPixels: true)) { _, row, column in
      Double((row * 7919 + column * 104_729) % 31) / 31
    }
    #expect(unrelated > 0.8 && unrelated < 1.5)
  }
}
