/// One change of an 8-bit image, as Pillow makes it: those that RandAugment chooses from.
public enum ImageOperation: Sendable, Equatable {
  /// Each channel's darkest sample becomes 0 and its lightest 255 (`ImageOps.autocontrast`).
  case autoContrast
  /// Each channel's samples are spread so that all become equally frequent (`ImageOps.equalize`).
  case equalize
  /// 255 minus each sample.
  case invert
  /// Turned about the centre by less than 90 degrees, counter-clockwise for positive angles; what comes from outside is
  /// filled.
  case rotate(degrees: Double)
  /// Only so many of the highest bits are kept, 0...8 (`ImageOps.posterize`); with 0, as in Pillow before 13, the image is
  /// black.
  case posterize(bits: Int)
  /// Samples from the threshold on are inverted (`ImageOps.solarize`).
  case solarize(threshold: Int)
  /// Added to samples below 128.
  case solarizeAdd(Int)
  /// `ImageEnhance`: 0 leaves no colour, contrast, brightness or a smoothed image, 1 the image as it is, and more than 1
  /// leads away from the former.
  case color(Float)
  case contrast(Float)
  case brightness(Float)
  case sharpness(Float)
  /// What comes to row y of the image comes from `factor`·y further right; what comes from outside is filled.
  case shearX(Double)
  case shearY(Double)
  /// Moved left or up by a part of the width or height; what comes from outside is filled.
  case translateX(Double)
  case translateY(Double)
}

/// How a turned or sheared image is read between its pixels, as Pillow does.
public enum AffineInterpolation: String, Sendable, CaseIterable, Codable {
  case bilinear
  case bicubic
}
