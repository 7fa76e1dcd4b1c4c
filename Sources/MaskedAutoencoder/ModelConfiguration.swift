/// The width, depth and heads of a stack of transformer blocks.
public struct TransformerConfiguration: Sendable, Equatable {
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

  public var hiddenWidth: Int { Int((Double(width) * mlpRatio).rounded()) }
}

/// Rows and columns, of pixels or of patches.
public struct GridSize: Sendable, Equatable {
  public var height: Int
  public var width: Int

  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  public var count: Int { height * width }
}

/// What a masked autoencoder looks like: the image it takes, what is removed of it, and its two transformers.
///
/// The defaults are ViT-B as He et al. pre-train it (CVPR 2022, §3 and Appendix A.1).
public struct ModelConfiguration: Sendable, Equatable {
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
