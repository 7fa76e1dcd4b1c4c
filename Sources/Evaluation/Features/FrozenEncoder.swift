import Compute
import Datasets
import Imaging
import Training
import VisionTransformer

/// How an image becomes the values that a model takes.
public struct ImageInput: Sendable {
  public let shape: ImageShape
  public let normalization: Normalization
  public let alpha: AlphaTreatment

  public init(shape: ImageShape, normalization: Normalization, alpha: AlphaTreatment) {
    (self.shape, self.normalization, self.alpha) = (shape, normalization, alpha)
  }

  /// The same in a smaller size, of at most `count` values where its proportions allow: its sides divided by one number.
  public func shrunk(toValues count: Int) -> ImageInput {
    var divisor = 1
    func side(_ length: Int) -> Int { max(1, length / divisor) }
    while shape.channels * side(shape.height) * side(shape.width) > count, divisor < max(shape.height, shape.width) {
      divisor += 1
    }
    let small = ImageShape(channels: shape.channels, height: side(shape.height), width: side(shape.width))
    return ImageInput(shape: small, normalization: normalization, alpha: alpha)
  }
}

extension TaskConfiguration {
  /// How images become what the model takes.
  public var imageInput: ImageInput {
    ImageInput(shape: imageShape, normalization: data.normalization, alpha: data.alpha)
  }
}

/// What goes through the norm at an encoder's end.
public enum LastNorm: Sendable {
  /// Each token, before they are pooled.
  case tokens
  /// What they were pooled to: a classifier by the mean of the patches' tokens is trained so.
  case pooled
}

/// An encoder whose weights stay as they are while it is looked at.
public struct FrozenEncoder: @unchecked Sendable {
  public let encoder: Encoder
  public let input: ImageInput
  let lastNorm: LastNorm
  public let precision: Precision
  /// Those of the whole model that the encoder is a part of.
  let weights: EncodingWeights
  private let owner: AnyObject
  private let rounded: RoundedWeights?

  /// - Parameters:
  ///   - parameters: the whole arena.
  ///   - owner: who has its memory; nobody writes to it while features are taken.
  ///   - precision: with bf16, of products and of what they give; the parameters are rounded here and now.
  public init(
    _ encoder: Encoder, input: ImageInput, lastNorm: LastNorm = .tokens, parameters: Vector, owner: AnyObject,
    precision: Precision = .fp32
  ) {
    (self.encoder, self.input, self.owner, self.precision) = (encoder, input, owner, precision)
    self.lastNorm = lastNorm
    rounded = precision == .bf16 ? RoundedWeights(parameters) : nil
    weights = EncodingWeights(parameters, rounded: rounded?.memory.all)
  }

  var width: Int { encoder.configuration.transformer.width }
  var patchCount: Int { encoder.configuration.patches.count }
  public var depth: Int { encoder.configuration.transformer.depth }
}

/// Parameters in bfloat16, in memory of their own.
private final class RoundedWeights {
  let memory: AlignedBuffer<BFloat16>

  init(_ parameters: Vector) {
    memory = AlignedBuffer(repeating: BFloat16(0), count: parameters.count)
    convert(output: memory.all, input: parameters)
  }
}

/// How the tokens of an image become its features.
public enum Pooling: String, CaseIterable, Sendable {
  /// The cls token.
  case cls
  /// The mean of the patches' tokens.
  case mean
  /// The patches' tokens themselves, in the order of the patches.
  case patches
}

/// What is taken for an image's features.
public enum FeatureKind: Sendable {
  /// What an encoder makes of it, behind the norm that follows all blocks, or, where `layer` is given, the stream behind so
  /// many blocks as it is. Of an encoder that normalises what is pooled, the patches' tokens have been through no norm.
  case encoder(FrozenEncoder, Pooling, layer: Int? = nil)
  /// Its normalised values, channel after channel: what any model has to beat.
  case pixels(ImageInput)

  var input: ImageInput {
    switch self {
    case .encoder(let encoder, _, _): encoder.input
    case .pixels(let input): input
    }
  }

  /// The shape of one image's features.
  public var shape: [Int] {
    switch self {
    case .encoder(let encoder, .patches, _): [encoder.patchCount, encoder.width]
    case .encoder(let encoder, _, _): [encoder.width]
    case .pixels(let input): [input.shape.count]
    }
  }

  /// Values of one image's features.
  public var width: Int { shape.reduce(1, *) }

  /// As few images as give products enough rows to be fast: more only leave other threads without work at the end. Weights are laid
  /// out anew for each product, which eight images of many patches make a small part of it (6 % of ViT-B's time with two images).
  var imagesPerUnit: Int {
    switch self {
    case .encoder(let encoder, _, _):
      func images(rows: Int) -> Int { (rows + encoder.patchCount) / (1 + encoder.patchCount) }
      return max(images(rows: 256), min(8, images(rows: 1536)))
    case .pixels: return 16
    }
  }
}
