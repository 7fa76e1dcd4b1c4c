import Testing

@testable import Imaging

@Suite struct LabelledGalleryTests {
  private func tile(_ value: UInt8, channels: Int = 1) -> Image {
    Image(width: 4, height: 2, channels: channels, pixels: [UInt8](repeating: value, count: 8 * channels))
  }

  @Test func tilesStandUnderTheirTitlesAndTextBelow() {
    let gallery = LabelledGallery(
      titles: ["I", "two words"], rows: [[tile(10), tile(20)], [tile(30), tile(40)]], lines: ["below"]
    ).image
    // 4 x 2 pixels, 28 times as large; two groups of two columns, 3 and 24 pixels between them, 8 around all.
    #expect(gallery.width == 8 + (112 + 3 + 112) + 24 + (112 + 3 + 112) + 8)
    #expect(gallery.height == 8 + 15 + (56 + 3) + 15 + 8 && gallery.channels == 1)
    func pixel(_ x: Int, _ y: Int) -> UInt8 { gallery[row: y, column: x, channel: 0] }
    let top = 8 + 15
    for (index, value) in [10, 20].enumerated() {
      let left = 8 + index * 115
      #expect(pixel(left, top) == value && pixel(left + 111, top + 55) == value)
      #expect(pixel(left, top - 1) == 255 && pixel(left + 112, top) == 255 && pixel(left, top + 56) == 255)
    }
    let second = 8 + 227 + 24
    #expect(pixel(second, top) == 30 && pixel(second + 115, top) == 40)
    // The letter I of the font: three pixels wide at its top and bottom, one between.
    let letter = (0..<13).map { row in (0..<6).map { pixel(8 + $0, 8 + row) == 32 ? "#" : "." }.joined() }
    #expect(letter[2] == "#####." || letter[2] == ".###..", "\(letter)")
    #expect(letter[5] == "..#..." && letter[0] == "......" && letter[12] == "......")
    #expect((0..<13).contains { row in (0..<30).contains { pixel(8 + $0, top + 59 + 3 + row) == 32 } })
  }

  @Test func wideTilesStandAlone() {
    let wide = Image(width: 300, height: 1, channels: 3, pixels: [UInt8](repeating: 7, count: 900))
    let gallery = LabelledGallery(titles: ["a", "b"], rows: [[wide, wide], [wide, wide]], lines: []).image
    #expect(gallery.width == 8 + 300 + 3 + 300 + 8 && gallery.channels == 3)
    #expect(gallery.height == 8 + 15 + 2 * (1 + 3) + 8)
  }

  @Test func longTextIsBrokenBetweenWords() {
    #expect(LabelledGallery.broken("one two three", columns: 7) == ["one two", "three"])
    #expect(LabelledGallery.broken("extraordinary words", columns: 5) == ["extraordinary", "words"])
    #expect(LabelledGallery.broken("", columns: 5) == [])
  }

  @Test func theFontHasAllPrintableCharacters() {
    var seen: Set<[UInt8]> = []
    for code in UInt8(33)..<127 {
      let rows = Array(PixelFont.rows(of: Character(Unicode.Scalar(code))))
      #expect(rows.count == 13 && rows.contains { $0 != 0 } && rows.allSatisfy { $0 < 64 })
      #expect(seen.insert(rows).inserted, "two characters look the same")
    }
    #expect(PixelFont.rows(of: " ").allSatisfy { $0 == 0 })
    #expect(PixelFont.rows(of: "é").contains { $0 != 0 }, "a box")
  }
}
