import Compute
import Imaging

/// Images of random pixels, made on the spot: for measuring everything but the reading of real ones.
public struct NoiseSource: ImageSource {
  public let kind = "random pixels"
  public let count: Int
  public let classNames: [String] = []
  private let imageShape: ImageShape

  public init(shape: ImageShape, count: Int) {
    imageShape = shape
    self.count = count
  }

  public var shape: ImageShape? { imageShape }

  /// The shape, which gives all pixels.
  public func identity() -> DataIdentity {
    DataIdentity(count: count) { hash in
      for size in [imageShape.channels, imageShape.height, imageShape.width] { hash.update(UInt64(size)) }
    }
  }

  public func name(of index: Int) -> String { "noise#\(index)" }

  public func label(of index: Int) -> Int? { nil }

  public func image(at index: Int) throws(DatasetError) -> Image {
    var stream = RandomStream(seed: 0, purpose: .noiseImage, sample: index)
    let pixels = (0..<imageShape.count).map { _ in UInt8(truncatingIfNeeded: stream.nextWord()) }
    return Image(
      width: imageShape.width, height: imageShape.height, channels: imageShape.channels, pixels: pixels)
  }
}
