/// Lays tiles out in a grid with white gutters between them.
///
/// - Parameters:
///   - rows: the tiles row by row, for example masked | reconstruction | original. All have the same size; a
///     shorter row leaves white at its end.
///   - magnification: every pixel becomes a square of this many pixels, so that a tile of 28 × 28 can be seen.
///   - gutter: the width of the gutters, in pixels of the result.
/// - Returns: a grey image if all tiles are grey, otherwise RGB; tiles with alpha are laid over white.
public func composeGallery(rows: [[Image]], magnification: Int = 1, gutter: Int = 2) -> Image {
  precondition(magnification >= 1 && gutter >= 0, "a gallery cannot shrink its tiles")
  guard let first = rows.first?.first else { preconditionFailure("a gallery without tiles") }
  precondition(
    rows.allSatisfy { $0.allSatisfy { $0.width == first.width && $0.height == first.height } },
    "the tiles of a gallery have one size")
  let channels = rows.allSatisfy { $0.allSatisfy { $0.channels == 1 } } ? 1 : 3
  let columns = rows.reduce(0) { max($0, $1.count) }
  let tileWidth = first.width * magnification
  let tileHeight = first.height * magnification
  let width = columns * (tileWidth + gutter) - gutter
  let height = rows.count * (tileHeight + gutter) - gutter

  var pixels = [UInt8](repeating: 255, count: width * height * channels)
  for (rowIndex, row) in rows.enumerated() {
    for (columnIndex, tile) in row.enumerated() {
      guard let tile = tile.converted(toChannels: channels) else {
        preconditionFailure("a tile of \(tile.channels) channels")
      }
      let top = rowIndex * (tileHeight + gutter)
      let left = columnIndex * (tileWidth + gutter)
      for y in 0..<tileHeight {
        for x in 0..<tileWidth {
          let target = ((top + y) * width + left + x) * channels
          for channel in 0..<channels {
            pixels[target + channel] = tile[row: y / magnification, column: x / magnification, channel: channel]
          }
        }
      }
    }
  }
  return Image(width: width, height: height, channels: channels, pixels: pixels)
}
