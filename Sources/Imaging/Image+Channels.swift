extension Image {
  /// The same image with `count` channels (1, 3 or 4).
  ///
  /// - Colour becomes grey by the luma of ITU-R BT.601 in 16-bit fixed point, as Pillow's mode `L` has it.
  /// - Grey becomes colour with three equal channels; a missing alpha becomes 255.
  /// - Alpha goes by laying the image over white, rounded to nearest.
  public func converted(toChannels count: Int) -> Image {
    switch (channels, count) {
    case (1, 1), (3, 3), (4, 4): self
    case (1, 3):
      mapPixels(to: 3) { source, target in
        (target[0], target[1], target[2]) = (source[0], source[0], source[0])
      }
    case (1, 4):
      mapPixels(to: 4) { source, target in
        (target[0], target[1], target[2], target[3]) = (source[0], source[0], source[0], 255)
      }
    case (3, 1):
      mapPixels(to: 1) { source, target in
        target[0] = luma(source[0], source[1], source[2])
      }
    case (3, 4):
      mapPixels(to: 4) { source, target in
        (target[0], target[1], target[2], target[3]) = (source[0], source[1], source[2], 255)
      }
    case (4, 1):
      mapPixels(to: 1) { source, target in
        let alpha = source[3]
        target[0] = luma(overWhite(source[0], alpha), overWhite(source[1], alpha), overWhite(source[2], alpha))
      }
    case (4, 3):
      mapPixels(to: 3) { source, target in
        let alpha = source[3]
        target[0] = overWhite(source[0], alpha)
        target[1] = overWhite(source[1], alpha)
        target[2] = overWhite(source[2], alpha)
      }
    default: preconditionFailure("cannot convert \(channels) channels to \(count)")
    }
  }

  private func mapPixels(
    to count: Int, _ convert: (_ source: UnsafePointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>) -> Void
  ) -> Image {
    let pixelCount = width * height
    let converted = [UInt8](unsafeUninitializedCapacity: pixelCount * count) { buffer, initializedCount in
      pixels.withUnsafeBufferPointer { source in
        for pixel in 0..<pixelCount {
          convert(source.baseAddress! + pixel * channels, buffer.baseAddress! + pixel * count)
        }
      }
      initializedCount = pixelCount * count
    }
    return Image(width: width, height: height, channels: count, pixels: converted)
  }
}

@inline(__always)
private func luma(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt8 {
  let sum = UInt32(red) &* 19595 &+ UInt32(green) &* 38470 &+ UInt32(blue) &* 7471 &+ 0x8000
  return UInt8(truncatingIfNeeded: sum >> 16)
}

@inline(__always)
private func overWhite(_ sample: UInt8, _ alpha: UInt8) -> UInt8 {
  let sum = UInt32(sample) &* UInt32(alpha) &+ 255 &* (255 &- UInt32(alpha))
  return UInt8(truncatingIfNeeded: (sum &+ 127) / 255)
}
