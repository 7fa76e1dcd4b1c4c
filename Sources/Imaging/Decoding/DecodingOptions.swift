/// What decoding an image depends on beside its file.
public struct DecodingOptions: Sendable, Equatable {
  /// Images with more pixels are refused before memory is taken for them.
  public var pixelLimit: Int
  /// How many channels the model takes, where arrays do not say which of their dimensions those are.
  public var channels: Int?
  public var channelOrder: ChannelOrder?
  /// Whether an image is turned as its EXIF data asks for.
  public var turnsUpright: Bool

  /// - Parameter pixelLimit: Pillow's unless given, 178.96 megapixels.
  public init(
    pixelLimit: Int = defaultPixelLimit, channels: Int? = nil, channelOrder: ChannelOrder? = nil,
    turnsUpright: Bool = false
  ) {
    self.pixelLimit = pixelLimit
    self.channels = channels
    self.channelOrder = channelOrder
    self.turnsUpright = turnsUpright
  }
}
