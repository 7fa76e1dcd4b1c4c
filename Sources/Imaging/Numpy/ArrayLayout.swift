/// Where the channels of an array of pixels stand among its dimensions.
public enum ChannelOrder: String, Sendable, CaseIterable {
  case first = "channels_first"
  case last = "channels_last"
}

/// How the numbers of one image lie in an array: rows from the top, the channels of a pixel side by side or plane after
/// plane.
public struct ArrayLayout: Sendable, Equatable {
  public let channels: Int
  public let height: Int
  public let width: Int
  public let isPlanar: Bool

  public var count: Int { channels * height * width }

  /// Tells the dimensions of one image apart.
  ///
  /// - Parameters:
  ///   - dimensions: [H, W], [H, W, C] or [C, H, W].
  ///   - channels: how many the model takes; nil where there is no model: the smaller of both ends, then.
  ///   - order: what decides where both ends could be the channels.
  public init(dimensions: [Int], channels: Int?, order: ChannelOrder?, name: String) throws(ImagingError) {
    do throws(CodecFailure) {
      try self.init(dimensions: dimensions, channels: channels, order: order)
    } catch {
      throw .undecodable(name: name, kind: .numpy, reason: error.reason)
    }
  }

  init(dimensions: [Int], channels: Int?, order: ChannelOrder?) throws(CodecFailure) {
    guard dimensions.allSatisfy({ $0 > 0 }) else {
      throw CodecFailure(reason: "an image of \(dimensions) has no pixels")
    }
    if dimensions.count == 2 {
      (self.channels, height, width, isPlanar) = (1, dimensions[0], dimensions[1], false)
      return
    }
    guard dimensions.count == 3 else {
      throw CodecFailure(reason: "an image has two or three dimensions, and its are \(dimensions)")
    }
    let (first, last) = (dimensions[0], dimensions[2])
    isPlanar =
      if let order {
        order == .first
      } else if first == last {
        throw CodecFailure(
          reason: "its dimensions \(dimensions) do not say which are the channels; set data.layout to channels_first "
            + "or channels_last")
      } else if first == channels || last == channels {
        first == channels
      } else {
        first < last
      }
    self.channels = isPlanar ? first : last
    height = isPlanar ? dimensions[1] : first
    width = isPlanar ? last : dimensions[1]
  }

  /// Writes the numbers of one image as samples, the channels of a pixel side by side.
  ///
  /// - Parameters:
  ///   - numbers: `count` of them.
  ///   - samples: as many of the type's kind of samples.
  public func arrange(
    _ numbers: UnsafeRawBufferPointer, of element: NumpyHeader.Element, into samples: UnsafeMutableRawBufferPointer
  ) {
    precondition(numbers.count == count * element.byteCount, "\(numbers.count) bytes are not one image")
    precondition(samples.count == count * (element.sampleKind?.byteCount ?? 0), "no room for the samples")
    let target = samples.baseAddress!
    switch element {
    case .uint8: arrange(numbers, UInt8.self, into: target.assumingMemoryBound(to: UInt8.self)) { $0 }
    case .uint16: arrange(numbers, UInt16.self, into: target.assumingMemoryBound(to: UInt16.self)) { $0 }
    case .float32: arrange(numbers, Float.self, into: target.assumingMemoryBound(to: Float.self)) { $0 }
    case .float64: arrange(numbers, Double.self, into: target.assumingMemoryBound(to: Float.self)) { Float($0) }
    default: preconditionFailure("numbers of \(element) are no samples")
    }
  }

  @inline(__always)
  private func arrange<Number: BitwiseCopyable, Element>(
    _ numbers: UnsafeRawBufferPointer, _: Number.Type, into target: UnsafeMutablePointer<Element>,
    _ convert: (Number) -> Element
  ) {
    let size = MemoryLayout<Number>.stride
    guard isPlanar else {
      for index in 0..<count {
        target[index] = convert(numbers.loadUnaligned(fromByteOffset: index &* size, as: Number.self))
      }
      return
    }
    let plane = height * width
    for channel in 0..<channels {
      for pixel in 0..<plane {
        target[pixel &* channels &+ channel] = convert(
          numbers.loadUnaligned(fromByteOffset: (channel &* plane &+ pixel) &* size, as: Number.self))
      }
    }
  }
}
