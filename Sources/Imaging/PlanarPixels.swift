/// The size of an image as the network takes it: channels × height × width.
public struct ImageShape: Sendable, Equatable {
  public let channels: Int
  public let height: Int
  public let width: Int

  public init(channels: Int, height: Int, width: Int) {
    precondition(channels > 0 && height > 0 && width > 0, "an empty shape")
    self.channels = channels
    self.height = height
    self.width = width
  }

  /// Samples of one image, which are also its bytes at 8 bits.
  public var count: Int { channels * height * width }
}

/// A view of 8-bit samples, channels × height × width one after another, in memory that someone else owns.
///
/// Copying the view copies no samples. Whoever owns the memory must outlive it.
public struct PlanarPixels: @unchecked Sendable {
  public let base: UnsafeMutablePointer<UInt8>
  public let shape: ImageShape

  public init(base: UnsafeMutablePointer<UInt8>, shape: ImageShape) {
    self.base = base
    self.shape = shape
  }

  public subscript(channel channel: Int, row row: Int, column column: Int) -> UInt8 {
    base[(channel * shape.height + row) * shape.width + column]
  }

  /// A copy with the channels of a pixel side by side, for writing and looking at; 1, 3 or 4 channels.
  public func interleaved() -> Image {
    var pixels = [UInt8]()
    pixels.reserveCapacity(shape.count)
    for row in 0..<shape.height {
      for column in 0..<shape.width {
        for channel in 0..<shape.channels {
          pixels.append(self[channel: channel, row: row, column: column])
        }
      }
    }
    return Image(width: shape.width, height: shape.height, channels: shape.channels, pixels: pixels)
  }
}
