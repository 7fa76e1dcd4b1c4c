/// An image in memory: 8-bit samples, rows from the top, the channels of a pixel side by side.
public struct Image: Sendable, Equatable {
  public let width: Int
  public let height: Int
  /// 1 (grey), 3 (RGB) or 4 (RGB and alpha, where 255 is opaque).
  public let channels: Int
  /// height × width × channels bytes.
  public let pixels: [UInt8]

  public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0, "an image has at least one pixel")
    precondition(channels == 1 || channels == 3 || channels == 4, "\(channels) channels")
    precondition(pixels.count == width * height * channels, "\(pixels.count) bytes are not \(width) x \(height)")
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
  }

  /// The sample of one channel of one pixel.
  public subscript(row row: Int, column column: Int, channel channel: Int) -> UInt8 {
    pixels[(row * width + column) * channels + channel]
  }
}
