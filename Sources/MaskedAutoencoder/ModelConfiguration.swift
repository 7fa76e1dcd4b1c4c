import Configuration
import VisionTransformer

/// What a masked autoencoder looks like: the image it takes, what is removed of it, and its two transformers.
///
/// The defaults are ViT-B as He et al. pre-train it (CVPR 2022, §3 and Appendix A.1).
public struct ModelConfiguration: ConfigurationSection, Equatable {
  public var imageSize = GridSize(height: 224, width: 224)
  public var patchSize = 16
  public var channels = 3
  /// The share of patches that is removed.
  public var maskRatio = 0.75
  /// Which ones.
  public var masking = Masking.random
  /// Whether each target patch is normalised by its own mean and deviation.
  public var normalizesPixels = true
  public var encoder = TransformerConfiguration(width: 768, depth: 12, heads: 12)
  public var decoder = TransformerConfiguration(width: 512, depth: 8, heads: 16)
  public var layerNormEpsilon = 1e-6

  public init() {}

  public static let keys: [ConfigurationKey<Self>] = [
    .value("image_size", \.imageSize, "height and width of the input in pixels", .sides(1...65_536)),
    .value("patch_size", \.patchSize, "side of a patch in pixels", .within(1...65_536)),
    .value("channels", \.channels, "colour channels: 1 grey, 3 RGB, 4 RGB and alpha", .within(1...1_000)),
    .value("mask_ratio", \.maskRatio, "share of the patches that is removed", .above(0), .below(1)),
    .value("masking", \.masking, "random: patches on their own; block: rectangles; grid: all but one of each square"),
    .value("norm_pix", \.normalizesPixels, "normalise each target patch by its own mean and deviation"),
    .value("layer_norm_eps", \.layerNormEpsilon, "added to the variance in every layer norm", .within(1e-30...1)),
    .section("encoder", \.encoder, "the transformer that sees the visible patches"),
    .section("decoder", \.decoder, "the transformer that paints the removed ones"),
  ]

  public func validate(at path: ConfigurationPath) throws(ConfigurationError) {
    for side in [imageSize.height, imageSize.width] {
      guard side >= patchSize, side.isMultiple(of: patchSize) else {
        throw .invalid(
          path["image_size"], is: imageSize,
          "which is not divisible by \(path["patch_size"]) (\(patchSize)); take multiples of it")
      }
    }
    guard patchCount <= Self.mostPatches else {
      throw .invalid(
        path["image_size"], is: imageSize,
        "which makes \(patchCount) patches of \(path["patch_size"]) (\(patchSize)), and \(Self.mostPatches) are the "
          + "most; take larger patches or a smaller image")
    }
    guard estimatedParameterBytes <= Self.mostParameterBytes else {
      throw ConfigurationError(
        .invalid, at: path,
        "\(path) has about \(estimatedParameterBytes / 4) parameters, more than any machine holds; take less width, depth, "
          + "mlp_ratio or patch_size")
    }
    guard visibleCount >= 1, maskedCount >= 1 else {
      throw .invalid(
        path["mask_ratio"], is: maskRatio,
        "which leaves \(visibleCount) of \(patchCount) patches visible; at least one must be visible and one removed")
    }
    try validateMasking(at: path)
  }

  /// How the model cuts images into patches.
  public var patches: PatchGrid { PatchGrid(imageSize: imageSize, patchSize: patchSize, channels: channels) }
  /// The part of the model that is an encoder of its own.
  public var encoderConfiguration: EncoderConfiguration {
    EncoderConfiguration(patches: patches, transformer: encoder, layerNormEpsilon: layerNormEpsilon)
  }
  /// A quarter of a million pixels a side by patches of 16 would be 2^28 tokens; far below, attention has no end already.
  static let mostPatches = 65_536

  /// What the parameters and position tables of the model take, in floating point: a number of any size, a little too
  /// small, as vectors do not count.
  public var estimatedParameterBytes: Double {
    let (width, decoderWidth, patch) = (Double(encoder.width), Double(decoder.width), Double(patchValues))
    let matrices = encoder.estimatedParameters + decoder.estimatedParameters
    return 4
      * (matrices + width * (patch + decoderWidth) + decoderWidth * patch
        + Double(patchCount) * (width + decoderWidth))
  }

  /// The values that the layers leave of one image, in floating point: a number of any size, near the true one.
  public var estimatedActivations: Double {
    func stack(_ transformer: TransformerConfiguration, tokens: Int) -> Double {
      Double(tokens) * Double(transformer.depth) * Double(transformer.width) * (8 + 2 * transformer.mlpRatio)
    }
    return stack(encoder, tokens: 1 + visibleCount) + stack(decoder, tokens: 1 + patchCount) + 3 * Double(imageValues)
  }

  /// 2^42, of which a rank takes four times as much and more: sizes in bytes are far from what an `Int` holds.
  private static let mostParameterBytes = 4.4e12

  /// Patches down and across.
  public var grid: GridSize { patches.grid }
  /// L: patches of an image.
  public var patchCount: Int { patches.count }
  /// N: patches that the encoder sees.
  public var visibleCount: Int { Int(Double(patchCount) * (1 - maskRatio)) }
  /// Patches that are removed and painted again.
  public var maskedCount: Int { patchCount - visibleCount }
  /// Values of one patch: P·P·C.
  public var patchValues: Int { patches.patchValues }
  /// Values of one image: C·H·W.
  public var imageValues: Int { patches.imageValues }
}
