/// What becomes of the transparency of an image when it loses its alpha.
public enum AlphaTreatment: String, Sendable, CaseIterable, Codable {
  /// The image is laid over white.
  case white
  /// The image is laid over black.
  case black
  /// Colours stay as they are stored, whatever lies beneath.
  case drop
}

extension Image {
  /// The same image with `count` channels, or nil where there is no such image: any number stays what it is, and grey,
  /// RGB, and RGB with alpha become one another.
  ///
  /// - Colour becomes grey by the luma of ITU-R BT.601.
  /// - Grey becomes colour with three equal channels; a missing alpha becomes opaque.
  /// - Alpha goes as `alpha` says, rounded to nearest.
  public func converted(toChannels count: Int, alpha: AlphaTreatment = .white) -> Image? {
    if channels == count { return self }
    guard channels == 1 || channels == 3 || hasAlpha, [1, 3, 4].contains(count) else { return nil }
    return switch samples {
    case .uint8(let samples): converted(samples, toChannels: count, alpha)
    case .uint16(let samples): converted(samples, toChannels: count, alpha)
    case .float32(let samples): converted(samples, toChannels: count, alpha)
    }
  }

  private func converted<Element: Sample>(
    _ samples: [Element], toChannels count: Int, _ treatment: AlphaTreatment
  ) -> Image {
    switch (channels, count) {
    case (1, 3):
      mapPixels(samples, to: 3) { source, target in
        (target[0], target[1], target[2]) = (source[0], source[0], source[0])
      }
    case (1, 4):
      mapPixels(samples, to: 4) { source, target in
        (target[0], target[1], target[2], target[3]) = (source[0], source[0], source[0], Element.white)
      }
    case (3, 1):
      mapPixels(samples, to: 1) { source, target in
        target[0] = Element.luma(source[0], source[1], source[2])
      }
    case (3, 4):
      mapPixels(samples, to: 4) { source, target in
        (target[0], target[1], target[2], target[3]) = (source[0], source[1], source[2], Element.white)
      }
    default:
      withoutAlpha(samples, toChannels: count, treatment)
    }
  }

  private func withoutAlpha<Element: Sample>(
    _ samples: [Element], toChannels count: Int, _ treatment: AlphaTreatment
  ) -> Image {
    precondition(channels == 4 && (count == 1 || count == 3), "cannot convert \(channels) channels to \(count)")
    let background = treatment == .black ? Element.black : Element.white
    let isDropped = treatment == .drop
    return mapPixels(samples, to: count) { source, target in
      let alpha = isDropped ? Element.white : source[3]
      let red = Element.blended(source[0], alpha: alpha, over: background)
      let green = Element.blended(source[1], alpha: alpha, over: background)
      let blue = Element.blended(source[2], alpha: alpha, over: background)
      if count == 1 {
        target[0] = Element.luma(red, green, blue)
      } else {
        (target[0], target[1], target[2]) = (red, green, blue)
      }
    }
  }

  private func mapPixels<Element: Sample>(
    _ samples: [Element], to count: Int,
    _ convert: (_ source: UnsafePointer<Element>, _ target: UnsafeMutablePointer<Element>) -> Void
  ) -> Image {
    let pixelCount = width * height
    let converted = [Element](unsafeUninitializedCapacity: pixelCount * count) { buffer, initializedCount in
      samples.withUnsafeBufferPointer { source in
        for pixel in 0..<pixelCount {
          convert(source.baseAddress! + pixel * channels, buffer.baseAddress! + pixel * count)
        }
      }
      initializedCount = pixelCount * count
    }
    return Image(width: width, height: height, channels: count, samples: Element.samples(converted))
  }
}
