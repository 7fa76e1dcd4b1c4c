import Compute
import Imaging

/// Pictures of random pixels, made on the spot: for measuring everything but the reading of real ones.
public struct NoiseSource: ImageSource {
  public let kind = "random pixels"
  public let count: Int
  public let classNames: [String] = []
  private let pictureShape: ImageShape

  public init(shape: ImageShape, count: Int) {
    pictureShape = shape
    self.count = count
  }

  public var shape: ImageShape? { pictureShape }

  public func name(of index: Int) -> String { "noise#\(index)" }

  public func label(of index: Int) -> Int? { nil }

  public func image(at index: Int) throws(DatasetError) -> Image {
    var stream = RandomStream(seed: 0, purpose: .noisePicture, sample: index)
    let pixels = (0..<pictureShape.count).map { _ in UInt8(truncatingIfNeeded: stream.nextWord()) }
    return Image(
      width: pictureShape.width, height: pictureShape.height, channels: pictureShape.channels, pixels: pixels)
  }
}
