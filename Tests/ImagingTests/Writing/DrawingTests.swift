import Testing

@testable import Imaging

@Suite struct DrawingTests {
  /// The inked pixels of a drawing, row by row.
  private func inked(_ drawing: Drawing) -> [[Bool]] {
    let image = drawing.image
    return (0..<image.height).map { row in (0..<image.width).map { image[row: row, column: $0, channel: 0] == 0 } }
  }

  @Test func writesAlongALine() {
    var drawing = Drawing(width: 15, height: 16)
    drawing.write("Lg", left: 2, top: 1)
    for (place, character) in "Lg".enumerated() {
      for (row, bits) in PixelFont.rows(of: character).enumerated() {
        for column in 0..<6 {
          #expect(inked(drawing)[1 + row][2 + 6 * place + column] == (bits & (0x20 >> UInt8(column)) != 0))
        }
      }
    }
    #expect(inked(drawing).joined().filter(\.self).count > 20)
    #expect(Drawing.length(of: "Lg") == 12 && Drawing.length(of: "") == 0)
  }

  /// From the bottom up is the same, turned by a quarter to the left.
  @Test func writesUpwards() {
    var (along, upwards) = (Drawing(width: 24, height: 15), Drawing(width: 15, height: 24))
    along.write("Az3", left: 1, top: 1)
    upwards.writeUpwards("Az3", left: 1, bottom: 23)
    let (wide, tall) = (inked(along), inked(upwards))
    for row in 0..<15 {
      for column in 0..<24 { #expect(tall[23 - column][row] == wide[row][column]) }
    }
  }

  @Test func magnifiesAndCutsOff() {
    var (small, large) = (Drawing(width: 6, height: 13), Drawing(width: 9, height: 20))
    small.write("k", left: 0, top: 0)
    large.write("k", left: -1, top: -2, magnification: 2)
    let (once, twice) = (inked(small), inked(large))
    for row in 0..<20 {
      for column in 0..<9 { #expect(twice[row][column] == once[(row + 2) / 2][(column + 1) / 2]) }
    }
    large.fill(-3..<99, 2..<3, RGB(0, 10, 20))
    #expect(large.image[row: 2, column: 8, channel: 2] == 20 && large.image[row: 3, column: 8, channel: 2] != 20)
  }

  @Test func putsImagesDown() {
    var drawing = Drawing(width: 5, height: 3)
    drawing.paste(Image(width: 2, height: 1, channels: 1, pixels: [10, 20]), left: 1, top: 1, magnification: 2)
    drawing.paste(Image(width: 1, height: 2, channels: 1, pixels: [30, 40]), left: 0, top: -1)
    let w: UInt8 = 255
    #expect(
      drawing.greyImage
        == Image(
          width: 5, height: 3, channels: 1,
          pixels: [
            40, w, w, w, w,
            w, 10, 10, 20, 20,
            w, 10, 10, 20, 20,
          ]))
    drawing.paste(Image(width: 1, height: 1, channels: 3, pixels: [1, 2, 3]), left: 4, top: 0)
    #expect((0..<3).map { drawing.image[row: 0, column: 4, channel: $0] } == [1, 2, 3])
  }
}
