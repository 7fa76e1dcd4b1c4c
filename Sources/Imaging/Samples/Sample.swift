/// What the samples of an image are.
public enum SampleKind: String, Sendable, CaseIterable {
  case uint8
  case uint16
  case float32

  public var byteCount: Int {
    switch self {
    case .uint8: 1
    case .uint16: 2
    case .float32: 4
    }
  }

  /// What stands for 0 and for 1 where nobody says otherwise: the whole range of integers, and floats as they are.
  public var usualRange: ClosedRange<Float> {
    switch self {
    case .uint8: 0...255
    case .uint16: 0...65535
    case .float32: 0...1
    }
  }
}

/// A type of samples, and the arithmetic that colours need in it.
public protocol Sample: SIMDScalar, Sendable, Hashable, Codable {
  static var kind: SampleKind { get }
  /// The samples of an image.
  static func samples(_ values: [Self]) -> Samples

  /// All of a colour, or of opacity.
  static var white: Self { get }
  /// None of a colour.
  static var black: Self { get }
  /// The grey that looks as light as a colour does: ITU-R BT.601.
  static func luma(_ red: Self, _ green: Self, _ blue: Self) -> Self
  /// A sample that lets `background` through where it is not opaque.
  static func blended(_ sample: Self, alpha: Self, over background: Self) -> Self
  /// The value as a number.
  var float: Float { get }
}

extension UInt8: Sample {
  public static let kind = SampleKind.uint8
  public static let white: UInt8 = 255
  public static let black: UInt8 = 0
  public static func samples(_ values: [UInt8]) -> Samples { .uint8(values) }

  /// In 16-bit fixed point, as Pillow's mode `L` has it.
  @inline(__always)
  public static func luma(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt8 {
    let sum = UInt32(red) &* 19595 &+ UInt32(green) &* 38470 &+ UInt32(blue) &* 7471 &+ 0x8000
    return UInt8(truncatingIfNeeded: sum >> 16)
  }

  @inline(__always)
  public static func blended(_ sample: UInt8, alpha: UInt8, over background: UInt8) -> UInt8 {
    let sum = UInt32(sample) &* UInt32(alpha) &+ UInt32(background) &* (255 &- UInt32(alpha))
    return UInt8(truncatingIfNeeded: (sum &+ 127) / 255)
  }

  @inline(__always)
  public var float: Float { Float(self) }
}

extension UInt16: Sample {
  public static let kind = SampleKind.uint16
  public static let white: UInt16 = 65535
  public static let black: UInt16 = 0
  public static func samples(_ values: [UInt16]) -> Samples { .uint16(values) }

  @inline(__always)
  public static func luma(_ red: UInt16, _ green: UInt16, _ blue: UInt16) -> UInt16 {
    let sum = UInt64(red) &* 19595 &+ UInt64(green) &* 38470 &+ UInt64(blue) &* 7471 &+ 0x8000
    return UInt16(truncatingIfNeeded: sum >> 16)
  }

  @inline(__always)
  public static func blended(_ sample: UInt16, alpha: UInt16, over background: UInt16) -> UInt16 {
    let sum = UInt64(sample) &* UInt64(alpha) &+ UInt64(background) &* (65535 &- UInt64(alpha))
    return UInt16(truncatingIfNeeded: (sum &+ 32767) / 65535)
  }

  @inline(__always)
  public var float: Float { Float(self) }
}

extension Float: Sample {
  public static let kind = SampleKind.float32
  public static let white: Float = 1
  public static let black: Float = 0
  public static func samples(_ values: [Float]) -> Samples { .float32(values) }

  @inline(__always)
  public static func luma(_ red: Float, _ green: Float, _ blue: Float) -> Float {
    0.299 * red + 0.587 * green + 0.114 * blue
  }

  @inline(__always)
  public static func blended(_ sample: Float, alpha: Float, over background: Float) -> Float {
    sample * alpha + background * (1 - alpha)
  }

  @inline(__always)
  public var float: Float { self }
}

/// The samples of an image, all of one kind.
public enum Samples: Sendable, Equatable {
  case uint8([UInt8])
  case uint16([UInt16])
  case float32([Float])

  public var kind: SampleKind {
    switch self {
    case .uint8: .uint8
    case .uint16: .uint16
    case .float32: .float32
    }
  }

  public var count: Int {
    switch self {
    case .uint8(let samples): samples.count
    case .uint16(let samples): samples.count
    case .float32(let samples): samples.count
    }
  }

  /// Samples of `kind` that `fill` writes as bytes in the machine's order.
  ///
  /// - Parameter fill: returns whether it has written all of them; if not, it says elsewhere why.
  /// - Returns: nil where `fill` has not written them.
  public static func filled(
    _ kind: SampleKind, count: Int, by fill: (UnsafeMutableRawBufferPointer) -> Bool
  ) -> Samples? {
    func array<Element: Sample>(_: Element.Type) -> [Element]? {
      var isFilled = false
      let values = [Element](unsafeUninitializedCapacity: count) { buffer, initializedCount in
        isFilled = fill(UnsafeMutableRawBufferPointer(buffer))
        initializedCount = isFilled ? count : 0
      }
      return isFilled ? values : nil
    }
    switch kind {
    case .uint8: return array(UInt8.self).map(Samples.uint8)
    case .uint16: return array(UInt16.self).map(Samples.uint16)
    case .float32: return array(Float.self).map(Samples.float32)
    }
  }
}
