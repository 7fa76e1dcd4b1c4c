import Imaging

extension Reconstructions {
  /// All triples as one image, four to a row where there are that many; small images are magnified.
  public var gallery: Image {
    let perRow = min(4, triples.count)
    let rows = stride(from: 0, to: triples.count, by: perRow).map { start in
      Array(triples[start..<min(triples.count, start + perRow)].joined())
    }
    return composeGallery(rows: rows, magnification: max(1, 96 / triples[0][0].width))
  }
}
