import Imaging
import Testing

@Suite struct GalleryTests {
  @Test func tilesGuttersAndMagnificationByHand() {
    let dark = Image(width: 2, height: 1, channels: 1, pixels: [1, 2])
    let light = Image(width: 2, height: 1, channels: 1, pixels: [3, 4])
    let gallery = composeGallery(rows: [[dark, light], [light]], magnification: 2, gutter: 1)
    let w: UInt8 = 255
    #expect(gallery.width == 9 && gallery.height == 5 && gallery.channels == 1)
    #expect(
      gallery.pixels == [
        1, 1, 2, 2, w, 3, 3, 4, 4,
        1, 1, 2, 2, w, 3, 3, 4, 4,
        w, w, w, w, w, w, w, w, w,
        3, 3, 4, 4, w, w, w, w, w,
        3, 3, 4, 4, w, w, w, w, w,
      ])
  }

  @Test func oneColourTileMakesItColour() {
    let grey = Image(width: 1, height: 1, channels: 1, pixels: [9])
    let colour = Image(width: 1, height: 1, channels: 3, pixels: [1, 2, 3])
    let gallery = composeGallery(rows: [[grey, colour]], gutter: 0)
    #expect(gallery == Image(width: 2, height: 1, channels: 3, pixels: [9, 9, 9, 1, 2, 3]))
  }
}
