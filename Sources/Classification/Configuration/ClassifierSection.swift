import Configuration
import VisionTransformer

extension TokenPooling {
  static let documentation = "what of an image's tokens the head takes: cls, or the mean of the patches'"
}

/// What a classifier looks like: the defaults are ViT-B as He et al. 2022 fine-tune it.
public struct ClassifierSection: ConfigurationSection, Equatable {
  public var imageSize = GridSize(height: 224, width: 224)
  public var patchSize = 16
  public var channels = 3
  public var classes = 1000
  public var pooling = TokenPooling.mean
  public var encoder = TransformerConfiguration(width: 768, depth: 12, heads: 12)
  public var layerNormEpsilon = 1e-6

  public init() {}

  public static let keys: [ConfigurationKey<Self>] = [
    .value("image_size", \.imageSize, "height and width of the input in pixels", .sides(1...65_536)),
    .value("patch_size", \.patchSize, "side of a patch in pixels", .within(1...65_536)),
    .value("channels", \.channels, "colour channels: 1 grey, 3 RGB, 4 RGB and alpha", .within(1...1_000)),
    .value("classes", \.classes, "classes of the images", .within(2...1_000_000)),
    .value("pool", \.pooling, TokenPooling.documentation),
    .value("layer_norm_eps", \.layerNormEpsilon, "added to the variance in every layer norm", .within(1e-30...1)),
    .section("encoder", \.encoder, "the transformer"),
  ]

  public func validate(at path: ConfigurationPath) throws(ConfigurationError) {
    for side in [imageSize.height, imageSize.width] {
      guard side >= patchSize, side.isMultiple(of: patchSize) else {
        throw .invalid(
          path["image_size"], is: imageSize,
          "which is not divisible by \(path["patch_size"]) (\(patchSize)); take multiples of it")
      }
    }
    guard patches.count <= Self.mostPatches else {
      throw .invalid(
        path["image_size"], is: imageSize,
        "which makes \(patches.count) patches of \(path["patch_size"]) (\(patchSize)), and \(Self.mostPatches) are the "
          + "most; take larger patches or a smaller image")
    }
    guard estimatedParameterBytes <= Self.mostParameterBytes else {
      throw ConfigurationError(
        .invalid, at: path,
        "\(path) has about \(estimatedParameterBytes / 4) parameters, more than any machine holds; take less width, depth, "
          + "mlp_ratio, classes or patch_size")
    }
  }

  /// As many as a masked autoencoder may have.
  private static let mostPatches = 65_536
  /// 2^42.
  private static let mostParameterBytes = 4.4e12

  var patches: PatchGrid { PatchGrid(imageSize: imageSize, patchSize: patchSize, channels: channels) }

  package var encoderConfiguration: EncoderConfiguration {
    EncoderConfiguration(patches: patches, transformer: encoder, layerNormEpsilon: layerNormEpsilon)
  }

  /// What the parameters take, in floating point: a number of any size, a little too small, as vectors do not count.
  var estimatedParameterBytes: Double {
    let width = Double(encoder.width)
    return 4 * (encoder.estimatedParameters + width * (Double(patches.patchValues) + Double(classes)))
  }

  /// The values that the layers leave of one image, in floating point: a number of any size, near the true one.
  var estimatedActivations: Double {
    Double(1 + patches.count) * Double(encoder.depth) * Double(encoder.width) * (8 + 2 * encoder.mlpRatio)
      + 3 * Double(patches.imageValues)
  }
}
