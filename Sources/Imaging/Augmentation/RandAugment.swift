import Compute

/// RandAugment (Cubuk et al. 2020) with the operations and magnitudes of timm's "increasing" set: some operations, drawn
/// from fifteen with repetition, each of which is applied or not, at a magnitude that is drawn too. The defaults are
/// `rand-m9-mstd0.5-inc1`, with which He et al. 2022 fine-tune.
public struct RandAugment: Sendable, Equatable {
  /// Operations that are drawn for an image.
  public var operations = 2
  /// The mean of the magnitudes, of 10.
  public var magnitude = 9.0
  /// The deviation of the magnitudes, which are held within 0...10.
  public var magnitudeDeviation = 0.5
  /// How probable it is that an operation that was drawn is applied.
  public var probability = 0.5
  public var interpolation = AffineInterpolation.bicubic

  public init() {}

  /// Why an image of that kind cannot be augmented so; nil where it can. The operations are defined for 8-bit samples, and
  /// for colours or grey.
  public static func refusal(_ kind: SampleKind, channels: Int) -> String? {
    guard kind == .uint8 else { return "RandAugment is for 8-bit images, and these are of \(kind.rawValue)" }
    guard [1, 3].contains(channels) else {
      return "RandAugment is for 1 channel (grey) or 3 (RGB), and these have \(channels)"
    }
    return nil
  }

  /// What comes into an image from outside: the data set's mean of each channel, as a sample.
  ///
  /// - Parameter mean: in units where 255 is 1.
  public static func fill(mean: [Double]) -> [UInt8] {
    mean.map { UInt8(max(0, min(255, (255 * $0).rounded(.toNearestOrEven)))) }
  }

  /// Augments an image in place.
  ///
  /// - Parameters:
  ///   - pixels: such as `refusal` has nothing to say against.
  ///   - fill: as `fill(mean:)` gives it.
  public func apply(
    to pixels: PlanarPixels, fill: [UInt8], seed: UInt64, epoch: Int, sample: Int, using op: inout ImageOperator
  ) {
    var stream = RandomStream(seed: seed, purpose: .randAugment, epoch: epoch, sample: sample)
    for _ in 0..<operations {
      guard let operation = draw(&stream) else { continue }
      op.apply(operation, to: pixels, fill: fill, interpolation: interpolation)
    }
  }

  /// The next operation, nil where it is not applied. Each takes as many numbers of the stream.
  func draw(_ stream: inout RandomStream) -> ImageOperation? {
    let kind = OperationKind.allCases[Int(stream.integer(below: UInt32(OperationKind.allCases.count)))]
    let isApplied = stream.uniform(in: 0...1) < probability
    let drawn = magnitude + magnitudeDeviation * stream.normal()
    let isNegated = stream.nextWord() >> 31 == 1
    return isApplied ? kind.operation(magnitude: max(0, min(10, drawn)), negated: isNegated) : nil
  }
}

/// The kinds of operations, in timm's order.
enum OperationKind: String, CaseIterable {
  case autoContrast = "AutoContrast"
  case equalize = "Equalize"
  case invert = "Invert"
  case rotate = "Rotate"
  case posterize = "PosterizeIncreasing"
  case solarize = "SolarizeIncreasing"
  case solarizeAdd = "SolarizeAdd"
  case color = "ColorIncreasing"
  case contrast = "ContrastIncreasing"
  case brightness = "BrightnessIncreasing"
  case sharpness = "SharpnessIncreasing"
  case shearX = "ShearX"
  case shearY = "ShearY"
  case translateX = "TranslateXRel"
  case translateY = "TranslateYRel"

  /// How strong it is.
  ///
  /// - Parameters:
  ///   - magnitude: within 0...10.
  ///   - negated: whether what can go two ways goes the other one.
  func operation(magnitude: Double, negated: Bool) -> ImageOperation {
    let level = magnitude / 10
    func signed(_ value: Double) -> Double { negated ? -value : value }
    // Away from 1, where nothing changes.
    let enhancement = Float(max(0.1, 1 + signed(level * 0.9)))
    return switch self {
    case .autoContrast: .autoContrast
    case .equalize: .equalize
    case .invert: .invert
    case .rotate: .rotate(degrees: signed(level * 30))
    case .posterize: .posterize(bits: 4 - Int(level * 4))
    case .solarize: .solarize(threshold: 256 - min(256, Int(level * 256)))
    case .solarizeAdd: .solarizeAdd(min(128, Int(level * 110)))
    case .color: .color(enhancement)
    case .contrast: .contrast(enhancement)
    case .brightness: .brightness(enhancement)
    case .sharpness: .sharpness(enhancement)
    case .shearX: .shearX(signed(level * 0.3))
    case .shearY: .shearY(signed(level * 0.3))
    case .translateX: .translateX(signed(level * 0.45))
    case .translateY: .translateY(signed(level * 0.45))
    }
  }
}
