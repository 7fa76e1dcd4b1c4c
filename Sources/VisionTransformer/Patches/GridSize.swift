import Configuration

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
  public static let schema = JSONValue.any(of: [
    Int.schema,
    .object(["type": .text("array"), "items": Int.schema, "minItems": .number("2"), "maxItems": .number("2")]),
  ])

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

extension ValueConstraint<GridSize> {
  /// Both sides in `range`.
  public static func sides(_ range: ClosedRange<Int>) -> Self {
    Self("from \(range.lowerBound) to \(range.upperBound) a side") {
      range.contains($0.height) && range.contains($0.width)
    }
  }
}
