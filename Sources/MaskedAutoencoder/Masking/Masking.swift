import Configuration
import VisionTransformer

/// Which patches of an image are removed (He et al. 2022, Figure 6). How many is the mask ratio's to say, always the same
/// number.
public enum Masking: String, CaseIterable, ConfigurationValue {
  /// Each patch with the same probability, on its own.
  case random
  /// Rectangles of patches, as in BEiT.
  case block
  /// All but one of each s × s, at the same place in each of them.
  case grid

  /// The side of the squares of which a grid keeps one patch each: √(L / N), where that is a whole number and divides the
  /// image's patches down and across; nil otherwise.
  static func gridSide(of grid: GridSize, visible: Int) -> Int? {
    let side = Int((Double(grid.count) / Double(visible)).squareRoot())
    let isWhole = side * side * visible == grid.count
    return isWhole && grid.height.isMultiple(of: side) && grid.width.isMultiple(of: side) ? side : nil
  }
}

extension ModelConfiguration {
  /// A regular grid exists for some ratios only. Any other would have to leave patches out of its pattern, and a comparison
  /// of patterns would compare something else.
  func validateMasking(at path: ConfigurationPath) throws(ConfigurationError) {
    guard masking == .grid, Masking.gridSide(of: grid, visible: visibleCount) == nil else { return }
    let ratios = (2...max(2, min(grid.height, grid.width))).compactMap { side -> Double? in
      var other = self
      other.maskRatio = 1 - 1 / Double(side * side)
      guard other.visibleCount > 0, Masking.gridSide(of: grid, visible: other.visibleCount) == side else { return nil }
      return other.maskRatio
    }
    throw .invalid(
      path["masking"], is: masking,
      "which keeps one patch of each square of patches, and squares of no size leave \(visibleCount) of "
        + "\(grid.height) x \(grid.width) patches visible; take "
        + (ratios.isEmpty
          ? "" : "a \(path["mask_ratio"]) of \(ratios.map(\.description).joined(separator: " or ")), or ")
        + "random or block"
    )
  }
}
