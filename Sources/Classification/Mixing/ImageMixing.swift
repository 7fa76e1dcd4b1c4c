import Compute
import Imaging

/// How training images and their labels are mixed with one another: mixup (Zhang et al. 2018) or CutMix (Yun et al. 2019),
/// one of the two for all images of a virtual worker. The defaults are those of He et al. 2022, Table 9.
///
/// The rules are those of timm's `Mixup` in its mode `batch`, with a virtual worker's images in the batch's place. So
/// what is mixed with what, and how much, belongs to the recipe and not to the ranks and threads that it runs on.
public struct ImageMixing: Sendable, Equatable, Codable {
  /// a of the Beta(a, a) that mixup's weight is drawn from; 0 for none of it.
  public var mixup = 0.8
  /// a of the Beta(a, a) that the area which CutMix leaves is drawn from; 0 for none of it.
  public var cutMix = 1.0
  /// How probable it is that a virtual worker's images are mixed at all.
  public var probability = 1.0
  /// How probable it is that they are mixed by CutMix, where there are both.
  public var cutMixProbability = 0.5

  public init() {}

  /// Whether anything is ever mixed.
  public var isOn: Bool { probability > 0 && (mixup > 0 || cutMix > 0) }

  /// Draws how the images of a virtual worker are mixed.
  ///
  /// - Parameters:
  ///   - firstSample: the sample of the virtual worker's first image. No other virtual worker of the epoch has it, and
  ///     which images a virtual worker has belongs to the recipe.
  ///   - height, width: of the images in pixels.
  public func mixture(seed: UInt64, epoch: Int, firstSample: Int, height: Int, width: Int) -> ImageMixture {
    var stream = RandomStream(seed: seed, purpose: .mixing, epoch: epoch, sample: firstSample)
    guard isOn, stream.uniform(in: 0...1) < probability else { return .none }
    let isCut = mixup > 0 && cutMix > 0 ? stream.uniform(in: 0...1) < cutMixProbability : cutMix > 0
    let weight = stream.beta(isCut ? cutMix : mixup)
    guard isCut else { return ImageMixture(weight: weight, box: nil) }
    let centerY = Int(stream.integer(below: UInt32(height)))
    let centerX = Int(stream.integer(below: UInt32(width)))
    return ImageMixture(cuttingAround: (centerX, centerY), weight: weight, height: height, width: width)
  }
}

/// How images are mixed with their partners: the first with the last, the second with the last but one, and so on.
public struct ImageMixture: Sendable, Equatable {
  /// The share of its own label that an image keeps; its partner's label has the rest.
  public let weight: Double
  /// What an image takes from its partner as it is; nil where every pixel is the weighted sum of both.
  public let box: PixelRectangle?

  /// Images and labels as they are.
  public static let none = ImageMixture(weight: 1, box: nil)

  init(weight: Double, box: PixelRectangle?) {
    self.weight = weight
    self.box = box
  }

  /// CutMix: a box with the image's proportions around a centre, cut off at the image's edges. The label's weight is then
  /// what the box really leaves.
  ///
  /// - Parameter weight: the share of the image's area that a box within the image would leave.
  init(cuttingAround center: (x: Int, y: Int), weight: Double, height: Int, width: Int) {
    let ratio = (1 - weight).squareRoot()
    let (boxHeight, boxWidth) = (Int(Double(height) * ratio), Int(Double(width) * ratio))
    let top = max(0, center.y - boxHeight / 2)
    let left = max(0, center.x - boxWidth / 2)
    let bottom = min(height, center.y + (boxHeight + 1) / 2)
    let right = min(width, center.x + (boxWidth + 1) / 2)
    self.weight = 1 - Double((bottom - top) * (right - left)) / Double(height * width)
    box = PixelRectangle(left: left, top: top, width: right - left, height: bottom - top)
  }

  /// Mixes images in place.
  ///
  /// - Parameter images: [images, C·H·W] of `shape`, an even number.
  public func apply(to images: Matrix, shape: ImageShape) {
    precondition(images.rows.isMultiple(of: 2), "an even number of images is mixed in pairs")
    precondition(images.columns == shape.count, "images of another shape")
    guard self != .none else { return }
    for first in 0..<images.rows / 2 {
      let (one, other) = (images.row(first), images.row(images.rows - 1 - first))
      if let box { exchange(box, of: one, with: other, shape) } else { blend(one, other) }
    }
  }

  private func exchange(_ box: PixelRectangle, of one: Vector, with other: Vector, _ shape: ImageShape) {
    for channel in 0..<shape.channels {
      for row in box.top..<box.top + box.height {
        let start = (channel * shape.height + row) * shape.width + box.left
        for place in start..<start + box.width { (one[place], other[place]) = (other[place], one[place]) }
      }
    }
  }

  private func blend(_ one: Vector, _ other: Vector) {
    let (own, others) = (Float(weight), Float(1 - weight))
    for place in 0..<one.count {
      let (a, b) = (one[place], other[place])
      one[place] = a * own + b * others
      other[place] = b * own + a * others
    }
  }
}
