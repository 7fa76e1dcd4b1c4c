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

/// A view of samples, channels × height × width one after another, in memory that someone else owns.
///
/// Copying the view copies no samples. Who uses it holds the owner of the memory for as long.
public struct PlanarPixels: @unchecked Sendable {
  public let memory: UnsafeMutableRawPointer
  public let shape: ImageShape
  public let kind: SampleKind

  public init(memory: UnsafeMutableRawPointer, shape: ImageShape, kind: SampleKind) {
    self.memory = memory
    self.shape = shape
    self.kind = kind
  }

  /// A view of 8-bit samples.
  public init(base: UnsafeMutablePointer<UInt8>, shape: ImageShape) {
    self.init(memory: base, shape: shape, kind: .uint8)
  }

  /// The first sample, which must be of that type.
  public func base<Element: Sample>(_: Element.Type) -> UnsafeMutablePointer<Element> {
    precondition(Element.kind == kind, "samples of \(kind) read as \(Element.kind)")
    return memory.assumingMemoryBound(to: Element.self)
  }

  public subscript<Element: Sample>(channel channel: Int, row row: Int, column column: Int) -> Element {
    base(Element.self)[(channel * shape.height + row) * shape.width + column]
  }

  /// Whether every sample is a finite number, as integers are.
  public var isFinite: Bool {
    guard kind == .float32 else { return true }
    // Zero times a number is zero, and times anything else it is no number.
    var sum: Float = 0
    let samples = base(Float.self)
    for index in 0..<shape.count { sum += samples[index] * 0 }
    return sum == 0
  }

  /// A copy of all samples, one plane after another.
  public var samples: Samples {
    let bytes = UnsafeRawBufferPointer(start: memory, count: shape.count * kind.byteCount)
    return Samples.filled(kind, count: shape.count) { target in
      target.copyMemory(from: bytes)
      return true
    }!
  }

  /// A copy with the channels of a pixel side by side, for writing and looking at.
  public func interleaved() -> Image {
    switch kind {
    case .uint8: interleaved(UInt8.self)
    case .uint16: interleaved(UInt16.self)
    case .float32: interleaved(Float.self)
    }
  }

  private func interleaved<Element: Sample>(_: Element.Type) -> Image {
    var samples: [Element] = []
    samples.reserveCapacity(shape.count)
    for row in 0..<shape.height {
      for column in 0..<shape.width {
        for channel in 0..<shape.channels {
          samples.append(self[channel: channel, row: row, column: column])
        }
      }
    }
    return Image(
      width: shape.width, height: shape.height, channels: shape.channels, samples: Element.samples(samples))
  }
}

/// Memory for one image at the network's size, 64-byte aligned. It is as large as the kind of samples that was expected
/// wants, and grows once where an image of a larger kind comes.
///
/// One thread at a time writes to it.
public final class PlanarImage: @unchecked Sendable {
  /// What was written last.
  public private(set) var pixels: PlanarPixels
  private var capacity: Int

  public init(shape: ImageShape, kind: SampleKind = .uint8) {
    capacity = shape.count * kind.byteCount
    pixels = PlanarPixels(memory: Self.zeros(capacity), shape: shape, kind: kind)
  }

  deinit {
    pixels.memory.deallocate()
  }

  public var shape: ImageShape { pixels.shape }

  /// The memory for samples of `kind`, with whatever lies in it.
  public func prepare(_ kind: SampleKind) -> PlanarPixels {
    let wanted = shape.count * kind.byteCount
    if wanted > capacity {
      pixels.memory.deallocate()
      capacity = wanted
      pixels = PlanarPixels(memory: Self.zeros(wanted), shape: shape, kind: kind)
    } else if pixels.kind != kind {
      pixels = PlanarPixels(memory: pixels.memory, shape: shape, kind: kind)
    }
    return pixels
  }

  /// Written to, so that the system gives the pages now and not within a step.
  private static func zeros(_ byteCount: Int) -> UnsafeMutableRawPointer {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    return memory
  }
}
