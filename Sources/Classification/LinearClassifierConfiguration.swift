import Configuration
import VisionTransformer

/// The images that a linear classifier takes, and what it tells apart.
public struct LinearClassifierConfiguration: ConfigurationSection, Equatable {
  public var imageSize = GridSize(height: 224, width: 224)
  public var channels = 3
  public var classes = 1000

  public init() {}

  public static let keys: [ConfigurationKey<Self>] = [
    .value("image_size", \.imageSize, "height and width of the input in pixels", .sides(1...65_536)),
    .value("channels", \.channels, "colour channels: 1 grey, 3 RGB, 4 RGB and alpha", .within(1...1_000)),
    .value("classes", \.classes, "classes of the images", .within(2...1_000_000)),
  ]

  /// Values of one image: C·H·W.
  public var imageValues: Int { channels * imageSize.count }
}
