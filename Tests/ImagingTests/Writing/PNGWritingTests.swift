import Imaging
import Testing

@Suite struct PNGWritingTests {
  @Test(arguments: ["grey.png", "rgb.png"]) func whatIsWrittenReadsBackEqual(file: String) throws {
    let folder = try ScratchFolder()
    let image = try decodeImage(at: Fixture.path(file))
    let path = folder.path + "/copy.png"
    try image.writePNG(to: path)
    #expect(try decodeImage(at: path) == image)
    #expect(try folder.names == ["copy.png"])
  }

  @Test func alphaIsLaidOverWhite() throws {
    let folder = try ScratchFolder()
    let image = try decodeImage(at: Fixture.path("rgba.png"))
    try image.writePNG(to: folder.path + "/opaque.png")
    #expect(try decodeImage(at: folder.path + "/opaque.png") == image.converted(toChannels: 3))
  }

  @Test func anUnwritablePlaceIsNamed() throws {
    let image = Image(width: 1, height: 1, channels: 1, pixels: [0])
    #expect(throws: ImagingError.unwritable(path: "/no/such/folder/a.png", reason: "No such file or directory")) {
      try image.writePNG(to: "/no/such/folder/a.png")
    }
    let folder = try ScratchFolder()
    // A folder stands where the image should go: the rename fails, and the temporary file must go again.
    #expect(throws: ImagingError.self) { try image.writePNG(to: folder.path) }
    #expect(try folder.names == [])
  }
}
