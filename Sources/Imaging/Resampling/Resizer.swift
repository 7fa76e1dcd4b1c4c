/// A rectangle of whole pixels.
public struct PixelRectangle: Sendable, Equatable {
  public let left: Int
  public let top: Int
  public let width: Int
  public let height: Int

  public init(left: Int, top: Int, width: Int, height: Int) {
    self.left = left
    self.top = top
    self.width = width
    self.height = height
  }
}

/// A rectangle whose edges may lie inside pixels; pixel (0, 0) reaches from 0 to 1.
public struct FractionalBox: Sendable, Equatable {
  public let left: Float
  public let top: Float
  public let right: Float
  public let bottom: Float

  public init(left: Float, top: Float, right: Float, bottom: Float) {
    self.left = left
    self.top = top
    self.right = right
    self.bottom = bottom
  }

  public init(_ rectangle: PixelRectangle) {
    self.init(
      left: Float(rectangle.left), top: Float(rectangle.top), right: Float(rectangle.left + rectangle.width),
      bottom: Float(rectangle.top + rectangle.height))
  }

  /// The same box in an image of 1 / `reduction` of the size, whose pixels before (`left`, `top`) are cut off.
  func reduced(by reduction: Int, left: Int, top: Int) -> FractionalBox {
    let scale = 1 / Float(reduction)
    return FractionalBox(
      left: self.left * scale - Float(left), top: self.top * scale - Float(top), right: right * scale - Float(left),
      bottom: bottom * scale - Float(top))
  }
}

/// Antialiased bicubic resizing into planar memory, in the samples' own precision: 8 bits and floats equal Pillow's in
/// every bit (modes `L` and `RGB`, and `F`), 16 bits are rounded once.
///
/// It keeps its working memory from one image to the next; each thread has its own.
public struct Resizer: ~Copyable {
  private var horizontal = ResamplingAxis()
  private var vertical = ResamplingAxis()
  private var bytePasses = ResamplingPasses<ByteArithmetic>()
  private var wordPasses = ResamplingPasses<WordArithmetic>()
  private var floatPasses = ResamplingPasses<FloatArithmetic>()

  public init() {}

  /// Resizes `box` of the image (all of it if nil) to `output`'s size, as Pillow's
  /// `image.resize(size, BICUBIC, box=box)`: near the box's edges the kernel sees pixels outside it.
  ///
  /// The image and `output` must have the same number of channels and kind of samples. With `flipped` left and right change
  /// places, with `upsideDown` top and bottom.
  public mutating func resize(
    _ image: Image, box: FractionalBox? = nil, flipped: Bool = false, upsideDown: Bool = false,
    into output: PlanarPixels
  ) {
    let box =
      box ?? FractionalBox(left: 0, top: 0, right: Float(image.width), bottom: Float(image.height))
    let (width, height) = (output.shape.width, output.shape.height)
    horizontal.plan(
      visible: 0..<image.width, from: box.left, to: box.right, outputCount: width, kept: 0..<width)
    vertical.plan(
      visible: 0..<image.height, from: box.top, to: box.bottom, outputCount: height, kept: 0..<height)
    run(image, flipped: flipped, upsideDown: upsideDown, output: output)
  }

  /// Crops the image, then resizes the crop to `output`'s size, as torchvision's `resized_crop`: the kernel sees
  /// nothing outside the crop.
  public mutating func resizedCrop(
    _ image: Image, crop: PixelRectangle, flipped: Bool = false, upsideDown: Bool = false, into output: PlanarPixels
  ) {
    resizedCrop(image, crop: FractionalBox(crop), flipped: flipped, upsideDown: upsideDown, into: output)
  }

  /// The same of a crop whose edges may lie inside pixels, which count in full for what the kernel sees.
  public mutating func resizedCrop(
    _ image: Image, crop: FractionalBox, flipped: Bool = false, upsideDown: Bool = false, into output: PlanarPixels
  ) {
    let (columns, rows) = (
      Int(crop.left)..<Int(crop.right.rounded(.up)), Int(crop.top)..<Int(crop.bottom.rounded(.up))
    )
    precondition(
      crop.left >= 0 && crop.top >= 0 && columns.upperBound <= image.width && rows.upperBound <= image.height,
      "crop outside the image")
    let (width, height) = (output.shape.width, output.shape.height)
    let (left, top) = (Float(columns.lowerBound), Float(rows.lowerBound))
    horizontal.plan(
      visible: columns, from: crop.left - left, to: crop.right - left, outputCount: width, kept: 0..<width)
    vertical.plan(visible: rows, from: crop.top - top, to: crop.bottom - top, outputCount: height, kept: 0..<height)
    run(image, flipped: flipped, upsideDown: upsideDown, output: output)
  }

  /// Resizes the image and keeps its centre, computing nothing outside it: `CenterCrop` says which size and
  /// which centre.
  public mutating func centerCrop(
    _ image: Image, _ crop: CenterCrop, flipped: Bool = false, upsideDown: Bool = false, into output: PlanarPixels
  ) {
    let geometry = crop.geometry(
      imageWidth: image.width, imageHeight: image.height, outputWidth: output.shape.width,
      outputHeight: output.shape.height)
    horizontal.plan(
      visible: 0..<image.width, from: 0, to: Float(image.width), outputCount: geometry.resizedWidth,
      kept: geometry.columns)
    vertical.plan(
      visible: 0..<image.height, from: 0, to: Float(image.height), outputCount: geometry.resizedHeight,
      kept: geometry.rows)
    run(image, flipped: flipped, upsideDown: upsideDown, output: output)
  }

  private mutating func run(_ image: Image, flipped: Bool, upsideDown: Bool, output: PlanarPixels) {
    switch image.samples {
    case .uint8(let samples):
      bytePasses.run(
        image, samples, horizontal: horizontal, vertical: vertical, flipped: flipped, upsideDown: upsideDown,
        output: output)
    case .uint16(let samples):
      wordPasses.run(
        image, samples, horizontal: horizontal, vertical: vertical, flipped: flipped, upsideDown: upsideDown,
        output: output)
    case .float32(let samples):
      floatPasses.run(
        image, samples, horizontal: horizontal, vertical: vertical, flipped: flipped, upsideDown: upsideDown,
        output: output)
    }
  }
}
