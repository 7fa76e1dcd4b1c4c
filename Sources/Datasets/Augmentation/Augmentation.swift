import Imaging

/// In which directions half of the images are mirrored, each direction on its own.
public enum Mirroring: String, Sendable, CaseIterable, Codable {
  case none
  /// Left and right change places.
  case horizontal
  /// Left and right, and top and bottom: for images that have no up, as those of satellites and microscopes.
  case both
}

/// How an image is brought to the network's size in training. The defaults are the paper's.
public struct Augmentation: Sendable, Equatable, Codable {
  /// Whether a random part is cut out and resized; otherwise the image is resized to cover the network's size, and
  /// its centre taken.
  public var randomCrop: Bool
  /// The part of the image's area that the crop takes.
  public var cropScale: ClosedRange<Double>
  /// The crop's width divided by its height, before it is resized.
  public var cropRatio: ClosedRange<Double>
  public var flip: Mirroring
  /// What becomes of transparency that the network does not take.
  public var alpha: AlphaTreatment
  /// Whether JPEG files are decoded at a fraction of their size where a random crop is reduced by two or more.
  public var fastDecode: Bool

  public init(
    randomCrop: Bool = true, cropScale: ClosedRange<Double> = 0.2...1, cropRatio: ClosedRange<Double> = 3 / 4...4 / 3,
    flip: Mirroring = .horizontal, alpha: AlphaTreatment = .white,
    fastDecode: Bool = false
  ) {
    self.randomCrop = randomCrop
    self.cropScale = cropScale
    self.cropRatio = cropRatio
    self.flip = flip
    self.alpha = alpha
    self.fastDecode = fastDecode
  }

  /// Resizing and the centre, nothing random.
  public static let none = Augmentation(randomCrop: false, flip: .none)

  public func validate() throws(DatasetError) {
    guard cropScale.lowerBound > 0 && cropScale.upperBound <= 1 else {
      throw .invalidAugmentation(key: "crop scale", reason: "\(cropScale) does not lie within 0 (excluded) ... 1")
    }
    guard cropRatio.lowerBound > 0 && cropRatio.upperBound.isFinite else {
      throw .invalidAugmentation(key: "crop ratio", reason: "\(cropRatio) is not positive and finite")
    }
  }
}
