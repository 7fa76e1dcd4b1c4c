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
    .value("width", \.width, "values of a token", .within(4...65_536)),
    .value("depth", \.depth, "transformer blocks", .within(1...1_000)),
    .value("heads", \.heads, "attention heads of a block", .within(1...65_536)),
    .value(
      "mlp_ratio", \.mlpRatio, "the MLP's hidden width, as a multiple of the width", .above(0), .atMost(1_000)),
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

  /// The values of a stack's matrices, in floating point: a number of any size.
  public var estimatedParameters: Double {
    let (width, hidden) = (Double(width), Double(width) * mlpRatio)
    return Double(depth) * (4 * width * width + 2 * width * hidden)
  }

  public var hiddenWidth: Int { Int((Double(width) * mlpRatio).rounded()) }
}
