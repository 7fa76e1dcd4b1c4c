/// Images beside one another, a few tiles for each, with a title over every column and lines of text below: what a gallery is
/// that somebody looks at without its source.
public struct LabelledGallery {
  /// Over the tiles of an image, one for each of them.
  public var titles: [String]
  /// Of each image its tiles, all of one size and as many as there are titles.
  public var rows: [[Image]]
  /// Below; long ones are broken between words.
  public var lines: [String]

  private static let (margin, gutter, groupGap) = (8, 3, 24)
  private static let lineHeight = Drawing.letterHeight + 2
  private static let ink = RGB(32, 32, 32)
  /// Small tiles are magnified to about this many pixels, so that their patches can be told apart.
  private static let tilePixels = 112
  /// What a page has room for beside one another.
  private static let widest = 1100

  public init(titles: [String], rows: [[Image]], lines: [String]) {
    precondition(!rows.isEmpty && rows.allSatisfy { $0.count == titles.count }, "a title for each tile")
    (self.titles, self.rows, self.lines) = (titles, rows, lines)
  }

  /// A grey image if all tiles are grey, otherwise RGB.
  public var image: Image {
    let (width, height) = (rows[0][0].width, rows[0][0].height)
    let magnification = max(1, Self.tilePixels / width)
    let (tileWidth, tileHeight) = (width * magnification, height * magnification)
    let groupWidth = titles.count * (tileWidth + Self.gutter) - Self.gutter
    let fitting = (Self.widest - 2 * Self.margin + Self.groupGap) / (groupWidth + Self.groupGap)
    let groups = max(1, min(fitting, rows.count))
    let contentWidth = groups * (groupWidth + Self.groupGap) - Self.groupGap
    let heads = titles.map { Self.broken($0, columns: tileWidth / Drawing.letterPitch) }
    let headHeight = Self.lineHeight * heads.reduce(0) { max($0, $1.count) }
    let foot = lines.flatMap { Self.broken($0, columns: contentWidth / Drawing.letterPitch) }
    let groupRows = (rows.count + groups - 1) / groups
    let top = Self.margin + headHeight
    let bottom = top + groupRows * (tileHeight + Self.gutter)
    var drawing = Drawing(
      width: contentWidth + 2 * Self.margin, height: bottom + foot.count * Self.lineHeight + Self.margin)
    func left(_ group: Int, _ column: Int) -> Int {
      Self.margin + group * (groupWidth + Self.groupGap) + column * (tileWidth + Self.gutter)
    }
    for group in 0..<groups {
      for (column, head) in heads.enumerated() {
        for (line, text) in head.enumerated() {
          drawing.write(
            text, left: left(group, column), top: Self.margin + line * Self.lineHeight, color: Self.ink)
        }
      }
    }
    for (index, tiles) in rows.enumerated() {
      // Down first, so that neighbours of the data set stand below one another as they do in one column.
      let (group, row) = index.quotientAndRemainder(dividingBy: groupRows)
      for (column, tile) in tiles.enumerated() {
        drawing.paste(
          tile, left: left(group, column), top: top + row * (tileHeight + Self.gutter), magnification: magnification)
      }
    }
    for (line, text) in foot.enumerated() {
      drawing.write(text, left: Self.margin, top: bottom + 3 + line * Self.lineHeight, color: Self.ink)
    }
    return rows.joined().allSatisfy { $0.channels == 1 } ? drawing.greyImage : drawing.image
  }

  /// Lines of at most `columns` characters, broken between words; a longer word stands alone and is cut at the edge.
  static func broken(_ text: String, columns: Int) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, last.count + 1 + word.count <= columns {
        lines[lines.count - 1] = "\(last) \(word)"
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }
}
