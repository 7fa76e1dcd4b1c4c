import Imaging
import Testing

struct ConvertCase: Decodable {
  let file: String
  let raw: String
  let channels: Int
}

@Suite struct ImageChannelsTests {
  @Test func conversionsAreThoseOfPillow() throws {
    let cases: [ConvertCase] = try Fixture.cases("convert.json")
    #expect(cases.count == 6)
    for item in cases {
      let image = try decodeImage(at: Fixture.path(item.file)).converted(toChannels: item.channels)
      #expect(image.channels == item.channels)
      #expect(image.pixels == (try Fixture.bytes(item.raw)), "\(item.raw)")
    }
  }

  @Test func alphaOverWhiteByHand() {
    let image = Image(
      width: 3, height: 1, channels: 4, pixels: [10, 20, 30, 255, 10, 20, 30, 0, 0, 100, 255, 128])
    // 0·128/255 + 255·127/255 = 127; 100·128/255 + 127 = 177.2; 255.
    #expect(image.converted(toChannels: 3).pixels == [10, 20, 30, 255, 255, 255, 127, 177, 255])
  }
}
