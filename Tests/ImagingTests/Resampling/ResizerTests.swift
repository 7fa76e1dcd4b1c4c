import Imaging
import Testing

struct ResizeCase: Decodable {
  let file: String
  let raw: String
  let width: Int
  let height: Int
  let flipped: Bool
  let box: [Float]?
  let crop: [Int]?
  let center: Double?
}

@Suite struct ResizerTests {
  @Test func everyBitIsPillows() throws {
    let cases: [ResizeCase] = try Fixture.cases("resize.json")
    #expect(cases.count == 28)
    // One resizer for all: what an image leaves in its memory must not reach the next.
    var resizer = Resizer()
    for item in cases {
      let image = try decodeImage(at: Fixture.path(item.file))
      let output = PlanarBytes(channels: image.channels, height: item.height, width: item.width)
      if let center = item.center {
        resizer.centerCrop(image, CenterCrop(keptFraction: center), flipped: item.flipped, into: output.view)
      } else if let crop = item.crop {
        let rectangle = PixelRectangle(left: crop[0], top: crop[1], width: crop[2], height: crop[3])
        resizer.resizedCrop(image, crop: rectangle, flipped: item.flipped, into: output.view)
      } else {
        let edges = try #require(item.box)
        let box = FractionalBox(left: edges[0], top: edges[1], right: edges[2], bottom: edges[3])
        resizer.resize(image, box: box, flipped: item.flipped, into: output.view)
      }
      #expect(output.view.interleaved().pixels == (try Fixture.bytes(item.raw)), "\(item)")
    }
  }

  /// Channels never mix: each of four is what it would be alone.
  @Test func fourChannelsAreFourGreyImages() throws {
    let image = try decodeImage(at: Fixture.path("rgba.png"))
    var resizer = Resizer()
    let together = PlanarBytes(channels: 4, height: 11, width: 35)
    resizer.resize(image, into: together.view)
    for channel in 0..<4 {
      let samples = (0..<image.width * image.height).map { image.pixels[4 * $0 + channel] }
      let grey = Image(width: image.width, height: image.height, channels: 1, pixels: samples)
      let alone = PlanarBytes(channels: 1, height: 11, width: 35)
      resizer.resize(grey, into: alone.view)
      for row in 0..<11 {
        for column in 0..<35 {
          #expect(
            together.view[channel: channel, row: row, column: column] as UInt8
              == alone.view[channel: 0, row: row, column: column])
        }
      }
    }
  }

  @Test func centerCropOfARectangleCoversIt() throws {
    // 67 × 53 to 40 × 10: the width decides, the resized image is 40 × 31, rows 10 ..< 20 stay (10.5 rounds to even).
    let image = try decodeImage(at: Fixture.path("large_grey.png"))
    var resizer = Resizer()
    let cropped = PlanarBytes(channels: 1, height: 10, width: 40)
    resizer.centerCrop(image, CenterCrop(keptFraction: 1), into: cropped.view)
    let whole = PlanarBytes(channels: 1, height: 31, width: 40)
    resizer.resize(image, into: whole.view)
    for row in 0..<10 {
      for column in 0..<40 {
        #expect(
          cropped.view[channel: 0, row: row, column: column] as UInt8
            == whole.view[channel: 0, row: row + 10, column: column])
      }
    }
  }
}
