import Datasets
import Foundation
import Imaging
import Testing

@Suite struct PackingTests {
  private func options(_ change: (inout PackingOptions) -> Void = { _ in }) -> PackingOptions {
    var options = PackingOptions()
    change(&options)
    return options
  }

  private func contents(_ folder: ScratchFolder) throws -> [String: Data] {
    var contents: [String: Data] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      contents[name] = FileManager.default.contents(atPath: "\(folder.path)/\(name)")
    }
    return contents
  }

  private func imageFolder(count: Int) throws -> ScratchFolder {
    let folder = try ScratchFolder()
    for index in 0..<count {
      try folder.writePixel(UInt8(index), to: "\(["cat", "dog"][index % 2])/\(index + 100).png")
    }
    return folder
  }

  @Test func filesGoInAsTheyAreWithTheirLabels() throws {
    let images = try imageFolder(count: 20)
    let shards = try ScratchFolder()
    let source = try openSource(at: images.path)
    // A header and a block for the image, the same for the label, and two blocks at the end: seven images a shard.
    let result = try pack(
      source, as: { "\(shards.path)/\($0).tar" }, options: options { $0.shardBytes = 7 * 2048 + 1024 })
    #expect(result.shards == 3 && result.images == 20 && result.bad.isEmpty)
    let packed = try openSource(at: shards.path)
    #expect(packed is TarSource && packed.count == 20)
    for index in 0..<20 {
      #expect(try packed.image(at: index) == source.image(at: index))
      #expect(packed.label(of: index) == source.label(of: index))
    }
    for data in try contents(shards).values { #expect(data.count <= 7 * 2048 + 1024) }
  }

  @Test func bytesAreTheSameOnAnyThreadsAndAfterAnInterruption() throws {
    let images = try imageFolder(count: 40)
    try images.write(Array("broken".utf8), to: "cat/100.png")
    let source = try openSource(at: images.path)
    func packed(threads: Int, into shards: ScratchFolder) throws -> PackingResult {
      try pack(
        source, as: { "\(shards.path)/\($0).tar" }, options: options { ($0.threads, $0.shardBytes) = (threads, 9000) })
    }
    let (first, second) = (try ScratchFolder(), try ScratchFolder())
    let result = try packed(threads: 1, into: first)
    #expect(result.images == 39 && result.bad.map(\.name) == ["cat/100.png"])
    #expect(try packed(threads: 3, into: second) == result)
    #expect(try contents(first) == contents(second))
    // Shards that are missing at the end, and one that was being written.
    for shard in result.shards - 3..<result.shards {
      try FileManager.default.removeItem(atPath: "\(second.path)/\(shard).tar")
    }
    try second.write([1, 2, 3], to: "\(result.shards - 3).tar.writing")
    let resumed = try packed(threads: 2, into: second)
    #expect(resumed.images + resumed.imagesFoundPacked == 39 && resumed.shards == result.shards)
    #expect(try contents(first) == contents(second))
  }

  @Test func arraysKeepTheirSamples() throws {
    let shards = try ScratchFolder()
    let source = try openSource(at: Fixture.path("array_last.npy"), options: DecodingOptions(channels: 3))
    _ = try pack(source, as: { "\(shards.path)/\($0).tar" }, options: options())
    let packed = try openSource(at: shards.path, options: DecodingOptions(channels: 3))
    for index in 0..<5 {
      #expect(try packed.image(at: index) == source.image(at: index))
      #expect(packed.label(of: index) == source.label(of: index))
    }
  }

  @Test func largeImagesBecomeSmaller() throws {
    let (images, shards) = (try ScratchFolder(), try ScratchFolder())
    let pixels = (0..<90 * 60 * 3).map { UInt8(truncatingIfNeeded: $0 / 70) }
    try Image(width: 90, height: 60, channels: 3, pixels: pixels).writePNG(to: images.path + "/a.png")
    try images.writePixel(3, to: "b.png")
    let source = try openSource(at: images.path)
    _ = try pack(source, as: { "\(shards.path)/\($0).tar" }, options: options { $0.shorterSide = 20 })
    let packed = try openSource(at: shards.path)
    let small = try packed.image(at: 0)
    #expect(small.width == 30 && small.height == 20 && packed.name(of: 0).hasSuffix("#000000000.jpg"))
    #expect(try packed.image(at: 1) == source.image(at: 1))
  }

  @Test func otherFilesAreNotWrittenOver() throws {
    let (images, shards) = (try imageFolder(count: 2), try ScratchFolder())
    try shards.copyFixture("shard_odd.tar", to: "0.tar")
    let source = try openSource(at: images.path)
    #expect(throws: DatasetError.self) { try pack(source, as: { "\(shards.path)/\($0).tar" }, options: options()) }
    #expect(try contents(shards)["0.tar"] == Fixture.data("shard_odd.tar"))
  }
}
