/// Which part of an image is wanted. It is chosen when the size of the image is known, before any pixel is decoded, so that a
/// decoder may leave out the others.
public struct CropRequest {
  /// The part of an image of a width and a height.
  let choose: (_ width: Int, _ height: Int) -> PixelRectangle
  /// What the part is resized to.
  let outputWidth: Int
  let outputHeight: Int
  /// Whether an image may be decoded at a half, a quarter or an eighth of its size where the part is reduced by as much anyway,
  /// and nothing of a file looked at below the part. The pixels are others then, by little.
  let isFast: Bool

  public init(
    outputWidth: Int, outputHeight: Int, isFast: Bool = false,
    choose: @escaping (_ width: Int, _ height: Int) -> PixelRectangle
  ) {
    precondition(outputWidth > 0 && outputHeight > 0, "a crop that becomes nothing")
    self.outputWidth = outputWidth
    self.outputHeight = outputHeight
    self.isFast = isFast
    self.choose = choose
  }

  /// The largest reduction that leaves at least as many pixels as the part will have.
  func reduction(of crop: PixelRectangle) -> Int {
    guard isFast else { return 1 }
    return [8, 4, 2].first { crop.width >= $0 * outputWidth && crop.height >= $0 * outputHeight } ?? 1
  }
}

/// An image, or as much of it as was decoded, and where in it the part lies that was asked for.
public struct CroppedImage: Sendable {
  public let image: Image
  /// Within `image`; its edges may lie inside pixels where the image was decoded at a fraction of its size.
  public let crop: FractionalBox
  /// Whether the file asks for a turn that was not made.
  public internal(set) var asksForTurn = false

  init(_ image: Image, crop: FractionalBox, asksForTurn: Bool = false) {
    self.image = image
    self.crop = crop
    self.asksForTurn = asksForTurn
  }

  /// A part of a whole image.
  public init(_ image: Image, _ request: CropRequest) {
    let crop = request.choose(image.width, image.height)
    self.init(image, crop: FractionalBox(crop))
  }

  /// The same with another number of channels; nil where there is no way to it.
  public func converted(toChannels count: Int, alpha: AlphaTreatment) -> CroppedImage? {
    image.converted(toChannels: count, alpha: alpha).map {
      CroppedImage($0, crop: crop, asksForTurn: asksForTurn)
    }
  }
}
