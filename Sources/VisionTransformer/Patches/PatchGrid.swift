/// How an image is cut into square patches.
public struct PatchGrid: Sendable, Equatable {
  /// In pixels; a multiple of `patchSize` in both directions.
  public var imageSize: GridSize
  /// P: the side of a patch in pixels.
  public var patchSize: Int
  /// C.
  public var channels: Int

  public init(imageSize: GridSize, patchSize: Int, channels: Int) {
    self.imageSize = imageSize
    self.patchSize = patchSize
    self.channels = channels
  }

  /// Patches down and across.
  public var grid: GridSize { GridSize(height: imageSize.height / patchSize, width: imageSize.width / patchSize) }
  /// L: patches of an image.
  public var count: Int { grid.count }
  /// Values of one patch: P·P·C.
  public var patchValues: Int { patchSize * patchSize * channels }
  /// Values of one image: C·H·W.
  public var imageValues: Int { channels * imageSize.count }

  /// Where the first pixel of a patch lies in a plane of H·W values.
  public func corner(of patch: Int) -> Int {
    let (row, column) = patch.quotientAndRemainder(dividingBy: grid.width)
    return (row * imageSize.width + column) * patchSize
  }
}
