import Configuration

/// The width, depth and heads of a stack of transformer blocks.
public struct TransformerConfiguration: ConfigurationSection, Equatable {
  public var width: Int
  public var depth: Int
  public var heads: Int
  /// The hidden width of the MLP, as a multiple of `width`.
  public var mlpRatio: Double

  public init(width: Int, depth: Int, heads: Int, mlpRatio: Double = 4) {
    self.width = width
    self.depth = depth
    self.heads = heads
    self.mlpRatio = mlpRatio
  }

  /// The encoder of ViT-B.
  public init() {
    self.init(width: 768, depth: 12, heads: 12)
  }

  public static let keys: [ConfigurationKey<Self>] = [
    .value("width", \.width, "values of a token", .atLeast(4)),
    .value("depth", \.depth, "transformer blocks", .atLeast(1)),
    .value("heads", \.heads, "attention heads of a block", .atLeast(1)),
    .value("mlp_ratio", \.mlpRatio, "the MLP's hidden width, as a multiple of the width", .above(0)),
  ]

  public func validate(at path: ConfigurationPath) throws(ConfigurationError) {
    guard width.isMultiple(of: heads) else {
      throw .invalid(
        path["width"], is: width, "which is not divisible by \(path["heads"]) (\(heads)); take a multiple of it")
    }
    guard width.isMultiple(of: 4) else {
      throw .invalid(
        path["width"], is: width, "which is not divisible by 4, as the sine-cosine position table needs it to be")
    }
    guard hiddenWidth >= 1 else {
      throw .invalid(path["mlp_ratio"], is: mlpRatio, "which leaves the MLP without a hidden value; take a larger one")
    }
  }

  public var hiddenWidth: Int { Int((Double(width) * mlpRatio).rounded()) }
}

/// Rows and columns, of pixels or of patches.
public struct GridSize: ConfigurationValue {
  public var height: Int
  public var width: Int

  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  public var count: Int { height * width }

  public static let expectation = "a size in pixels, one whole number or [height, width]"

  public init(configuration node: ConfigurationNode) throws(ConfigurationMismatch) {
    if case .list(let sides) = node.content {
      guard sides.count == 2 else { throw ConfigurationMismatch() }
      self.init(height: try Int(configuration: sides[0]), width: try Int(configuration: sides[1]))
    } else {
      let side = try Int(configuration: node)
      self.init(height: side, width: side)
    }
  }

  public var configurationNode: ConfigurationNode {
    height == width ? height.configurationNode : .list([height.configurationNode, width.configurationNode])
  }
}

/// What a masked autoencoder looks like: the image it takes, what is removed of it, and its two transformers.
///
/// The defaults are ViT-B as He et al. pre-train it (CVPR 2022, §3 and Appendix A.1).
public struct ModelConfiguration: ConfigurationSection, Equatable {
  public var imageSize = GridSize(height: 224, width: 224)
  public var patchSize = 16
  public var channels = 3
  /// The share of patches that is removed.
  public var maskRatio = 0.75
  /// Whether each target patch is normalised by its own mean and deviation.
  public var normalizesPixels = true
  public var encoder = TransformerConfiguration(width: 768, depth: 12, heads: 12)
  public var decoder = TransformerConfiguration(width: 512, depth: 8, heads: 16)
  public var layerNormEpsilon = 1e-6

  public init() {}

  public static let keys: [ConfigurationKey<Self>] = [
    .value("image_size", \.imageSize, "height and width of the input in pixels"),
    .value("patch_size", \.patchSize, "side of a patch in pixels", .atLeast(1)),
    .value("channels", \.channels, "colour channels: 1 grey, 3 RGB, 4 RGB and alpha", .atLeast(1)),
    .value("mask_ratio", \.maskRatio, "share of the patches that is removed", .above(0), .below(1)),
    .value("norm_pix", \.normalizesPixels, "normalise each target patch by its own mean and deviation"),
    .value("layer_norm_eps", \.layerNormEpsilon, "added to the variance in every layer norm", .above(0)),
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
    guard visibleCount >= 1, maskedCount >= 1 else {
      throw .invalid(
        path["mask_ratio"], is: maskRatio,
        "which leaves \(visibleCount) of \(patchCount) patches visible; at least one must be visible and one removed")
    }
  }

  /// Patches down and across.
  public var grid: GridSize { GridSize(height: imageSize.height / patchSize, width: imageSize.width / patchSize) }
  /// L: patches of an image.
  public var patchCount: Int { grid.count }
  /// N: patches that the encoder sees.
  public var visibleCount: Int { Int(Double(patchCount) * (1 - maskRatio)) }
  /// Patches that are removed and painted again.
  public var maskedCount: Int { patchCount - visibleCount }
  /// Values of one patch: P·P·C.
  public var patchValues: Int { patchSize * patchSize * channels }
  /// Values of one image: C·H·W.
  public var imageValues: Int { channels * imageSize.count }
}
