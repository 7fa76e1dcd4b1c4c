import Configuration
import VisionTransformer

/// The images that a linear classifier takes, and what it tells apart.
public struct LinearClassifierConfiguration: ConfigurationSection, Equatable {
  public var imageSize = GridSize(height: 224, width: 224)
  public var channels = 3
  public var classes = 1000

  public init() {}

  public static let keys: [ConfigurationKey<Self>] = [
    .value("image_size", \.imageSize, "height and width of the input in pixels"),
    .value("channels", \.channels, "colour channels: 1 grey, 3 RGB, 4 RGB and alpha", .atLeast(1)),
    .value("classes", \.classes, "classes of the images", .atLeast(2)),
  ]

  public func validate(at path: ConfigurationPath) throws(ConfigurationError) {
    guard imageSize.height >= 1, imageSize.width >= 1 else {
      throw .invalid(path["image_size"], is: imageSize, "which leaves no pixel; take at least 1")
    }
  }

  /// Values of one image: C·H·W.
  public var imageValues: Int { channels * imageSize.count }
}
