import Imaging
import Testing

struct DeepCase: Decodable {
  let file: String
  let kind: String
  let sourceWidth: Int
  let sourceHeight: Int
  let channels: Int
  let crop: [Int]
  let width: Int
  let height: Int
  let flipped: Bool
  let raw: String
}

@Suite struct DeepResizerTests {
  private func resized(_ item: DeepCase, _ samples: Samples) -> Samples {
    var resizer = Resizer()
    let image = Image(
      width: item.sourceWidth, height: item.sourceHeight, channels: item.channels, hasAlpha: false, samples: samples)
    let output = PlanarImage(shape: ImageShape(channels: item.channels, height: item.height, width: item.width))
    resizer.resizedCrop(
      image, crop: PixelRectangle(left: item.crop[0], top: item.crop[1], width: item.crop[2], height: item.crop[3]),
      flipped: item.flipped, into: output.prepare(samples.kind))
    return output.pixels.interleaved().samples
  }

  @Test func everyBitOfAFloatIsPillows() throws {
    let cases = try (Fixture.cases("deep.json") as [DeepCase]).filter { $0.kind == "float32" }
    #expect(cases.map(\.channels) == [1, 1, 2, 2, 3, 3, 13, 13, 20, 20])
    for item in cases {
      let samples = try Fixture.values(item.file, of: Float.self)
      let expected = try Fixture.values(item.raw, of: Float.self)
      guard case .float32(let found) = resized(item, .float32(samples)) else {
        Issue.record("floats became another kind")
        return
      }
      #expect(found.map(\.bitPattern) == expected.map(\.bitPattern), "\(item)")
    }
  }

  /// Half a level for the rounding, and what floats between the passes add: half a unit in the last place of numbers
  /// below 2¹⁷ (2⁻⁸), times weights whose absolute values sum to less than two.
  @Test func sixteenBitsAreThoseOfDoublePrecision() throws {
    let cases = try (Fixture.cases("deep.json") as [DeepCase]).filter { $0.kind == "uint16" }
    #expect(cases.count == 10)
    for item in cases {
      let samples = try Fixture.values(item.file, of: UInt16.self)
      let expected = try Fixture.values(item.raw, of: Double.self)
      guard case .uint16(let found) = resized(item, .uint16(samples)) else {
        Issue.record("16 bits became another kind")
        return
      }
      #expect(found.count == expected.count)
      let worst = zip(found, expected).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
      #expect(worst <= 0.5 + 0.0078125, "\(item): \(worst)")
    }
  }

  /// A 12-bit X-ray keeps its levels: at its own size every one of 4096 comes through.
  @Test func levelsAreKept() {
    let samples = (0..<4096).map { UInt16($0) }
    let image = Image(width: 64, height: 64, channels: 1, samples: .uint16(samples))
    let output = PlanarImage(shape: ImageShape(channels: 1, height: 64, width: 64))
    var resizer = Resizer()
    resizer.resize(image, into: output.prepare(.uint16))
    #expect(output.pixels.samples == .uint16(samples))
  }

  /// Channels never mix, in bytes either, however many there are: each is what it would be alone.
  @Test(arguments: [2, 5, 13, 17, 40]) func manyChannelsAreSoManyGreyImages(channels: Int) {
    let (width, height) = (19, 14)
    let samples = (0..<width * height * channels).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
    var resizer = Resizer()
    let together = PlanarImage(shape: ImageShape(channels: channels, height: 9, width: 23))
    resizer.resize(
      Image(width: width, height: height, channels: channels, hasAlpha: false, samples: .uint8(samples)),
      flipped: true, into: together.pixels)
    for channel in 0..<channels {
      let grey = (0..<width * height).map { samples[channels * $0 + channel] }
      let alone = PlanarImage(shape: ImageShape(channels: 1, height: 9, width: 23))
      resizer.resize(
        Image(width: width, height: height, channels: 1, pixels: grey), flipped: true, into: alone.pixels)
      let plane = (0..<9 * 23).map { together.pixels[channel: channel, row: $0 / 23, column: $0 % 23] as UInt8 }
      #expect(alone.pixels.samples == .uint8(plane), "channel \(channel)")
    }
  }
}
