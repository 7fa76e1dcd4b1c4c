/// The evaluation transform: resize so that the shorter side is a little longer than the target, then keep the
/// centre. No randomness.
public struct CenterCrop: Sendable, Equatable {
  /// The part of the resized image's shorter side that is kept: 0.875 is the usual 224 of 256, 1 keeps as
  /// much as the target's proportions allow.
  public let keptFraction: Double

  public init(keptFraction: Double) {
    precondition(keptFraction > 0 && keptFraction <= 1, "the kept part must be in (0, 1]")
    self.keptFraction = keptFraction
  }

  struct Geometry: Equatable {
    let resizedWidth: Int
    let resizedHeight: Int
    let columns: Range<Int>
    let rows: Range<Int>
  }

  /// The roundings are torchvision's: the longer side down, half a pixel of offset to the even neighbour.
  func geometry(imageWidth: Int, imageHeight: Int, outputWidth: Int, outputHeight: Int) -> Geometry {
    let coverWidth = Int((Double(outputWidth) / keptFraction).rounded())
    let coverHeight = Int((Double(outputHeight) / keptFraction).rounded())
    let resizedWidth: Int
    let resizedHeight: Int
    if imageWidth * coverHeight >= imageHeight * coverWidth {
      resizedHeight = coverHeight
      resizedWidth = imageWidth * coverHeight / imageHeight
    } else {
      resizedWidth = coverWidth
      resizedHeight = imageHeight * coverWidth / imageWidth
    }
    let left = Int((Double(resizedWidth - outputWidth) / 2).rounded(.toNearestOrEven))
    let top = Int((Double(resizedHeight - outputHeight) / 2).rounded(.toNearestOrEven))
    return Geometry(
      resizedWidth: resizedWidth, resizedHeight: resizedHeight, columns: left..<left + outputWidth,
      rows: top..<top + outputHeight)
  }
}
