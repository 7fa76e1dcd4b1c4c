import Datasets
import Foundation
import Imaging
import Testing

@Suite struct SurveyTests {
  private func close(_ left: Double, _ right: Double) -> Bool { abs(left - right) < 1e-12 }

  @Test func meanAndDeviationByHand() throws {
    let folder = try ScratchFolder()
    // Two images that count the same, although one has twice the pixels.
    try Image(width: 2, height: 1, channels: 1, pixels: [0, 255]).writePNG(to: folder.path + "/a.png")
    try Image(width: 2, height: 2, channels: 1, pixels: [51, 51, 51, 51]).writePNG(to: folder.path + "/b.png")
    try folder.write(Array("broken".utf8), to: "c.png")
    let source = try openSource(at: folder.path)
    let found = try #require(try DataStatistics.measure(source, channels: 1, threads: 2))
    // Mean (0.5 + 0.2) / 2; mean of squares (0.5 + 0.04) / 2.
    #expect(close(found.channels[0].mean, 0.35))
    #expect(close(found.channels[0].deviation, (0.27 - 0.35 * 0.35).squareRoot()))
    #expect(found.channels[0].least == 0 && found.channels[0].most == 255)
    #expect(found.imageCount == 2 && found.badCount == 1)
    #expect(try usualChannels(of: source) == 1)
  }

  @Test func theSameOnAnyNumberOfThreads() throws {
    let source = SyntheticSource(count: 500, bad: [3, 77])
    let one = try DataStatistics.measure(source, channels: 3, threads: 1)
    #expect(one?.channels.count == 3 && one?.badCount == 2)
    for threads in [2, 5] { #expect(try DataStatistics.measure(source, channels: 3, threads: threads) == one) }
  }

  @Test func sixteenBitsAndFloatsHaveTheirOwnUnits() throws {
    let source = try openSource(at: Fixture.path("array_last.npy"), options: DecodingOptions(channels: 3))
    let found = try #require(try DataStatistics.measure(source, channels: 3, threads: 2))
    // 1000 n + 100 y + 10 x + c: 2000 + 150 + 25 + c.
    for channel in 0..<3 { #expect(close(found.channels[channel].mean, Double(2175 + channel) / 65535)) }
    #expect(found.channels[2].least == 2 && found.channels[2].most == 4352)
  }

  @Test func oddImagesAreListed() throws {
    let folder = try ScratchFolder()
    func image(_ width: Int, _ height: Int, _ seed: Int) -> Image {
      let pixels = (0..<width * height).map { UInt8(truncatingIfNeeded: ($0 + seed) &* 97 >> 3) }
      return Image(width: width, height: height, channels: 1, pixels: pixels)
    }
    for index in 0..<9 { try image(40, 40, index).writePNG(to: "\(folder.path)/\(index).png") }
    try image(40, 40, 4).writePNG(to: folder.path + "/twin.png")
    try image(200, 40, 7).writePNG(to: folder.path + "/wide.png")
    try image(8, 9, 7).writePNG(to: folder.path + "/small.png")
    try Image(width: 50, height: 50, channels: 3, pixels: [UInt8](repeating: 9, count: 7500))
      .writePNG(to: folder.path + "/black.png")
    try folder.write(Array("broken".utf8), to: "z.png")
    let check = try DataCheck(openSource(at: folder.path), threads: 3)
    #expect(check.imageCount == 14)
    #expect(check.bad.map(\.name) == ["z.png"])
    #expect(check.duplicated.map(\.name) == ["twin.png"] && check.duplicated[0].what == "has the samples of 4.png")
    #expect(check.constant.map(\.name) == ["black.png"])
    #expect(check.tiny.map(\.name) == ["small.png"])
    #expect(check.oddlyShaped.map(\.name) == ["wide.png"])
    #expect(check.kinds == ["1 x uint8": 12, "3 x uint8": 1])
    let levels = try DataCheck(
      openSource(at: Fixture.path("array_last.npy"), options: DecodingOptions(channels: 3)), threads: 1)
    #expect(levels.fewLevels.count == 5 && levels.fewLevels[0].what == "uses 72 of 65536 levels")
  }
}
