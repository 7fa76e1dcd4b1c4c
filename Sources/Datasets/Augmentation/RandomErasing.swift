import Compute
import Imaging

/// Random erasing (Zhong et al. 2020): a rectangle of a normalised image gives way to noise, each value of its own from the
/// standard normal distribution. The rules and defaults are those of timm's `RandomErasing` with `mode='pixel'`; an image of
/// any number of channels will do.
public struct RandomErasing: Sendable, Equatable, Codable {
  /// How probable it is that something of an image is erased.
  public var probability = 0.25
  /// The share of the image's area that is erased.
  public var areas = 0.02...1.0 / 3
  /// The rectangle's height divided by its width.
  public var ratios = 0.3...1 / 0.3

  public init() {}

  /// Erases a part of an image, or nothing.
  ///
  /// - Parameter image: [C·H·W] of `shape`, normalised.
  public func apply(to image: Vector, shape: ImageShape, seed: UInt64, epoch: Int, sample: Int) {
    precondition(image.count == shape.count, "an image of another shape")
    guard probability > 0 else { return }
    var stream = RandomStream(seed: seed, purpose: .erasing, epoch: epoch, sample: sample)
    guard stream.uniform(in: 0...1) < probability,
      let box = box(height: shape.height, width: shape.width, stream: &stream)
    else { return }
    Self.fill(box, of: image, shape) { stream.fastNormal() }
  }

  /// The first of ten rectangles that is smaller than the image in both directions, at a uniform place.
  func box(height: Int, width: Int, stream: inout RandomStream) -> PixelRectangle? {
    let logRatios = Elementary.log(ratios.lowerBound)...Elementary.log(ratios.upperBound)
    for _ in 0..<10 {
      let area = stream.uniform(in: areas)
      let size = Self.size(ofArea: area, ratio: Elementary.exp(stream.uniform(in: logRatios)), of: (height, width))
      guard let size else { continue }
      let top = Int(stream.integer(below: UInt32(height - size.height + 1)))
      let left = Int(stream.integer(below: UInt32(width - size.width + 1)))
      return PixelRectangle(left: left, top: top, width: size.width, height: size.height)
    }
    return nil
  }

  /// The rectangle of so much of an image's area, nil where it does not fit.
  static func size(
    ofArea share: Double, ratio: Double, of image: (height: Int, width: Int)
  ) -> (height: Int, width: Int)? {
    let area = share * Double(image.height * image.width)
    let height = Int((area * ratio).squareRoot().rounded(.toNearestOrEven))
    let width = Int((area / ratio).squareRoot().rounded(.toNearestOrEven))
    return height < image.height && width < image.width ? (height, width) : nil
  }

  /// Writes what `next` gives into a rectangle of each channel, row after row.
  static func fill(_ box: PixelRectangle, of image: Vector, _ shape: ImageShape, _ next: () -> Float) {
    for channel in 0..<shape.channels {
      for row in box.top..<box.top + box.height {
        let start = (channel * shape.height + row) * shape.width + box.left
        for place in start..<start + box.width { image[place] = next() }
      }
    }
  }
}
