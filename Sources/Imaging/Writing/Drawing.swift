/// A colour of 8 bits a channel.
public struct RGB: Sendable, Equatable {
  public let red: UInt8
  public let green: UInt8
  public let blue: UInt8

  public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) { (self.red, self.green, self.blue) = (red, green, blue) }

  public static let white = RGB(255, 255, 255)
  public static let black = RGB(0, 0, 0)
}

/// An RGB image that is drawn on: rectangles, other images and small letters. What falls beyond its edges is cut off.
public struct Drawing {
  public let width: Int
  public let height: Int
  private var pixels: [UInt8]

  /// All white.
  public init(width: Int, height: Int) {
    (self.width, self.height) = (width, height)
    pixels = [UInt8](repeating: 255, count: width * height * 3)
  }

  public var image: Image { Image(width: width, height: height, channels: 3, pixels: pixels) }

  /// What was drawn as one channel, for those who drew greys alone.
  public var greyImage: Image {
    let greys = stride(from: 0, to: pixels.count, by: 3).map { start in
      assert(pixels[start] == pixels[start + 1] && pixels[start] == pixels[start + 2], "a colour was drawn")
      return pixels[start]
    }
    return Image(width: width, height: height, channels: 1, pixels: greys)
  }

  public mutating func fill(_ columns: Range<Int>, _ rows: Range<Int>, _ color: RGB) {
    for row in rows.clamped(to: 0..<height) {
      for column in columns.clamped(to: 0..<width) { set(column, row, color) }
    }
  }

  /// Puts an image down, whose pixels become squares of `magnification` pixels; `left` and `top` are its corner. Alpha is laid
  /// over white.
  public mutating func paste(_ tile: Image, left: Int, top: Int, magnification: Int = 1) {
    guard let tile = tile.converted(toChannels: 3) else {
      preconditionFailure("an image of \(tile.channels) channels has no colours")
    }
    for row in 0..<tile.height {
      let rows = top + row * magnification..<top + (row + 1) * magnification
      for column in 0..<tile.width {
        let start = (row * tile.width + column) * 3
        fill(
          left + column * magnification..<left + (column + 1) * magnification, rows,
          RGB(tile.pixels[start], tile.pixels[start + 1], tile.pixels[start + 2]))
      }
    }
  }

  /// Pixels from one letter's left edge to the next one's.
  public static let letterPitch = PixelFont.width
  /// Of a line of text, its descenders included.
  public static let letterHeight = PixelFont.height

  /// The pixels that a text takes along its line.
  public static func length(of text: String, magnification: Int = 1) -> Int {
    text.count * letterPitch * magnification
  }

  /// Writes one line of text from left to right; `left` and `top` are its corner.
  public mutating func write(_ text: String, left: Int, top: Int, color: RGB = .black, magnification: Int = 1) {
    for (along, across) in Self.inkedPlaces(of: text, magnification) {
      fill(left + along..<left + along + magnification, top + across..<top + across + magnification, color)
    }
  }

  /// Writes one line of text from the bottom up, as beside a column; `left` is its upper edge, and `bottom` lies under its
  /// first letter.
  public mutating func writeUpwards(
    _ text: String, left: Int, bottom: Int, color: RGB = .black, magnification: Int = 1
  ) {
    for (along, across) in Self.inkedPlaces(of: text, magnification) {
      fill(left + across..<left + across + magnification, bottom - along - magnification..<bottom - along, color)
    }
  }

  /// Where the inked squares of a text begin, along its line and across it.
  private static func inkedPlaces(of text: String, _ magnification: Int) -> [(along: Int, across: Int)] {
    var places: [(along: Int, across: Int)] = []
    for (place, character) in text.enumerated() {
      for (row, bits) in PixelFont.rows(of: character).enumerated() {
        for column in 0..<PixelFont.width where bits & (0x20 >> UInt8(column)) != 0 {
          places.append(((place * letterPitch + column) * magnification, row * magnification))
        }
      }
    }
    return places
  }

  private mutating func set(_ column: Int, _ row: Int, _ color: RGB) {
    let start = (row * width + column) * 3
    (pixels[start], pixels[start + 1], pixels[start + 2]) = (color.red, color.green, color.blue)
  }
}
