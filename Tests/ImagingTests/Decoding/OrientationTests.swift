import Imaging
import Testing

/// Files that ask to be turned, and what Pillow's `exif_transpose` makes of them.
@Suite struct OrientationTests {
  struct Case: Decodable {
    let file: String
    let raw: String
    let width: Int
    let height: Int
    let channels: Int
  }

  @Test func everyOrientationIsThatOfPillow() throws {
    let cases: [Case] = try Fixture.cases("orientation.json")
    #expect(cases.count == 32)
    for item in cases {
      let turned = try decodeImage(at: Fixture.path(item.file), options: DecodingOptions(turnsUpright: true))
      let expected = Image(
        width: item.width, height: item.height, channels: item.channels, pixels: try Fixture.bytes(item.raw))
      #expect(turned == expected, "\(item.file)")
    }
  }

  @Test func nothingIsTurnedUnlessAskedFor() throws {
    let plain = try decodeImage(at: Fixture.path("upright_1.png"))
    for orientation in 2...8 {
      #expect(try decodeImage(at: Fixture.path("upright_\(orientation).png")) == plain)
    }
  }
}
