import Compute
import Imaging

/// Chooses the part of an image that a random resized crop takes, by torchvision's rule: ten times an area and a ratio
/// (uniform in its logarithm) are drawn; the first that fits is put at a uniform place. If none fits, the largest
/// central part whose ratio is in range.
public func randomCrop(
  imageWidth: Int, imageHeight: Int, scale: ClosedRange<Double>, ratio: ClosedRange<Double>,
  stream: inout RandomStream
) -> PixelRectangle {
  let area = Double(imageWidth * imageHeight)
  let logRatio = Elementary.log(ratio.lowerBound)...Elementary.log(ratio.upperBound)
  for _ in 0..<10 {
    let cropArea = area * stream.uniform(in: scale)
    let cropRatio = Elementary.exp(stream.uniform(in: logRatio))
    let width = Int((cropArea * cropRatio).squareRoot().rounded(.toNearestOrEven))
    let height = Int((cropArea / cropRatio).squareRoot().rounded(.toNearestOrEven))
    if (1...imageWidth).contains(width) && (1...imageHeight).contains(height) {
      let top = Int(stream.integer(below: UInt32(imageHeight - height + 1)))
      let left = Int(stream.integer(below: UInt32(imageWidth - width + 1)))
      return PixelRectangle(left: left, top: top, width: width, height: height)
    }
  }
  let imageRatio = Double(imageWidth) / Double(imageHeight)
  var (width, height) = (imageWidth, imageHeight)
  if imageRatio < ratio.lowerBound {
    height = max(1, Int((Double(imageWidth) / ratio.lowerBound).rounded(.toNearestOrEven)))
  } else if imageRatio > ratio.upperBound {
    width = max(1, Int((Double(imageHeight) * ratio.upperBound).rounded(.toNearestOrEven)))
  }
  return PixelRectangle(
    left: (imageWidth - width) / 2, top: (imageHeight - height) / 2, width: width, height: height)
}
