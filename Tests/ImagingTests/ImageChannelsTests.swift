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
      let image = try #require(
        try decodeImage(at: Fixture.path(item.file)).converted(toChannels: item.channels))
      #expect(image.channels == item.channels)
      #expect(image.pixels == (try Fixture.bytes(item.raw)), "\(item.raw)")
    }
  }

  @Test func alphaByHand() {
    let image = Image(
      width: 3, height: 1, channels: 4, pixels: [10, 20, 30, 255, 10, 20, 30, 0, 0, 100, 255, 128])
    // 0·128/255 + 255·127/255 = 127; 100·128/255 + 127 = 177.2; 255.
    #expect(image.converted(toChannels: 3)?.pixels == [10, 20, 30, 255, 255, 255, 127, 177, 255])
    // 100·128/255 = 50.2; 255·128/255.
    #expect(image.converted(toChannels: 3, alpha: .black)?.pixels == [10, 20, 30, 0, 0, 0, 0, 50, 128])
    #expect(image.converted(toChannels: 3, alpha: .drop)?.pixels == [10, 20, 30, 10, 20, 30, 0, 100, 255])
  }

  @Test func deepColoursKeepTheirPrecision() {
    let deep = Image(
      width: 2, height: 1, channels: 4, samples: .uint16([1000, 2000, 3000, 65535, 0, 100, 65535, 32768]))
    // 65535·32767/65535 = 32767; 100·32768/65535 + 32767 = 32817.0.
    #expect(deep.converted(toChannels: 3)?.samples == .uint16([1000, 2000, 3000, 32767, 32817, 65535]))
    let color = Image(width: 1, height: 1, channels: 3, samples: .uint16([60000, 3, 4097]))
    // 0.299·60000 + 0.587·3 + 0.114·4097 = 18408.8.
    #expect(color.converted(toChannels: 1)?.samples == .uint16([18409]))
    #expect(color.converted(toChannels: 4)?.samples == .uint16([60000, 3, 4097, 65535]))
    let float = Image(width: 1, height: 1, channels: 4, samples: .float32([0.5, 0, 8, 0.25]))
    #expect(float.converted(toChannels: 3)?.samples == .float32([0.875, 0.75, 2.75]))
    let grey = Image(width: 1, height: 1, channels: 1, samples: .float32([-3]))
    #expect(grey.converted(toChannels: 3)?.samples == .float32([-3, -3, -3]))
  }

  /// What has no colours cannot become colours, and the fourth of four bands is no alpha unless the file says so.
  @Test func bandsStayWhatTheyAre() {
    let bands = Image(width: 1, height: 1, channels: 5, samples: .uint8([1, 2, 3, 4, 5]))
    #expect(bands.converted(toChannels: 5) == bands)
    #expect([1, 3, 4].allSatisfy { bands.converted(toChannels: $0) == nil })
    let four = Image(width: 1, height: 1, channels: 4, hasAlpha: false, samples: .uint8([1, 2, 3, 4]))
    #expect(four.converted(toChannels: 3) == nil && four.converted(toChannels: 4) == four)
    #expect(Image(width: 1, height: 1, channels: 3, pixels: [1, 2, 3]).converted(toChannels: 2) == nil)
  }
}
