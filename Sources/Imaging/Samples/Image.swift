/// An image in memory: rows from the top, the channels of a pixel side by side.
public struct Image: Sendable, Equatable {
  public let width: Int
  public let height: Int
  /// Samples of a pixel: 1 (grey), 3 (RGB), 4 (RGB and alpha), or any other number that has no colours.
  public let channels: Int
  /// Whether the last of four channels says how opaque the pixel is.
  public let hasAlpha: Bool
  /// height × width × channels.
  public let samples: Samples

  /// - Parameter hasAlpha: whether the last of four channels is alpha, as it is in image files that say nothing else.
  public init(width: Int, height: Int, channels: Int, hasAlpha: Bool? = nil, samples: Samples) {
    precondition(width > 0 && height > 0, "an image has at least one pixel")
    precondition(channels > 0, "an image has at least one channel")
    precondition(samples.count == width * height * channels, "\(samples.count) samples are not \(width) x \(height)")
    self.width = width
    self.height = height
    self.channels = channels
    self.hasAlpha = hasAlpha ?? (channels == 4)
    precondition(!self.hasAlpha || channels == 4, "alpha is the fourth of four channels")
    self.samples = samples
  }

  public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
    self.init(width: width, height: height, channels: channels, samples: .uint8(pixels))
  }

  /// The samples of an 8-bit image.
  public var pixels: [UInt8] {
    guard case .uint8(let pixels) = samples else { preconditionFailure("an image of \(samples.kind) has no bytes") }
    return pixels
  }

  /// The sample of one channel of one pixel of an 8-bit image.
  public subscript(row row: Int, column column: Int, channel channel: Int) -> UInt8 {
    pixels[(row * width + column) * channels + channel]
  }
}
