import Files
import Foundation
import Imaging
import Testing

@testable import Datasets

/// What is kept of the headers of shards.
@Suite struct ShardIndexTests {
  private static let shards = ["shard_ustar.tar", "shard_pax.tar", "shard_odd.tar", "shard_webdataset.tar"]

  private func folder() throws -> (ScratchFolder, [String]) {
    let folder = try ScratchFolder()
    for shard in Self.shards { try folder.copyFixture(shard, to: "shards/\(shard)") }
    return (folder, try shardPaths(at: DataPaths([folder.path + "/shards"])))
  }

  private func index(_ paths: some Sequence<String>) throws -> ShardIndex {
    var index = ShardIndex()
    for path in paths { try index.read(path) }
    return index
  }

  @Test func theShardsOfEveryWayToNameThemAreFound() throws {
    let (folder, paths) = try folder()
    #expect(paths == Self.shards.sorted().map { "\(folder.path)/shards/\($0)" })
    try folder.write(Array("shards/shard_pax.tar\nshards/shard_odd.tar\n".utf8), to: "list.txt")
    let listed = try shardPaths(at: DataPaths([folder.path + "/list.txt"]))
    #expect(listed == ["shard_pax.tar", "shard_odd.tar"].map { "\(folder.path)/shards/\($0)" })
    #expect(try shardPaths(at: DataPaths([paths[0], paths[1]])) == Array(paths[0...1]))
    #expect(try shardPaths(at: DataPaths(["/data/a-{00..02}.tar"])).count == 3)
    try folder.writePixel(1, to: "images/a.png")
    #expect(try shardPaths(at: DataPaths([folder.path + "/images"])).isEmpty)
  }

  /// A data set is the same whether headers are read or known, and its bytes give the index back.
  @Test func anIndexSaysWhatHeadersSay() throws {
    let (folder, paths) = try folder()
    let index = try index(paths)
    let kept = try #require(ShardIndex(index.bytes))
    #expect(kept == index && kept.bytes == index.bytes)
    let (plain, indexed) = (
      try openSource(at: folder.path + "/shards"), try openSource(at: folder.path + "/shards", shardIndex: kept)
    )
    #expect(indexed.identity() == plain.identity() && indexed.notes == plain.notes)
    #expect(indexed.classNames == plain.classNames)
    for image in 0..<plain.count {
      #expect(indexed.name(of: image) == plain.name(of: image) && indexed.label(of: image) == plain.label(of: image))
      #expect(try indexed.image(at: image) == plain.image(at: image))
    }
  }

  /// A shard of which only the first header is left is opened with the size that it had.
  @Test func knownHeadersAreNotReadAgain() throws {
    let (folder, paths) = try folder()
    let index = try index(paths)
    let content = [UInt8](try Data(contentsOf: URL(fileURLWithPath: paths[0])))
    let damaged = content.prefix(512) + [UInt8](repeating: 1, count: content.count - 512)
    try folder.write(damaged, to: "shards/\(Self.shards.sorted()[0])")
    #expect(throws: DatasetError.self) { try openSource(at: paths[0]) }
    #expect(try openSource(at: paths[0], shardIndex: index).count > 0)
  }

  /// The parts that ranks read come together to the index of one.
  @Test(arguments: [1, 2, 3, 4, 7]) func partsMakeTheWhole(ranks: Int) throws {
    let (folder, paths) = try folder()
    defer { extendLifetime(folder) }
    var joined = ShardIndex()
    for rank in (0..<ranks).reversed() {
      let part = paths.indices.filter { $0 % ranks == rank }.map { paths[$0] }
      joined.take(try #require(ShardIndex(try index(part).bytes)))
    }
    #expect(joined == (try index(paths)))
    #expect(joined.bytes == (try index(paths)).bytes)
  }

  @Test func aShardThatChangedIsNoticed() throws {
    let (folder, paths) = try folder()
    defer { extendLifetime(folder) }
    let index = try index(paths)
    #expect(try index.outdated(of: paths) == [])
    #expect(try ShardIndex().outdated(of: paths) == Array(paths.indices))
    // Of the same size at another time, and of another size.
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1_000_000)], ofItemAtPath: paths[1])
    #expect(try index.outdated(of: paths) == [1])
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: paths[3]))
    try handle.seekToEnd()
    try handle.write(contentsOf: Data(count: 512))
    try handle.close()
    #expect(try index.outdated(of: paths) == [1, 3])
    #expect(index.only([paths[0]]).outdatedCount(of: paths) == 3)
  }

  @Test func damagedAndForeignIndexesAreNone() throws {
    let (folder, paths) = try folder()
    defer { extendLifetime(folder) }
    let bytes = try index(paths[0..<2]).bytes
    #expect(ShardIndex([]) == nil && ShardIndex(Array("{}".utf8)) == nil)
    for length in stride(from: 0, to: bytes.count, by: 7) { #expect(ShardIndex(Array(bytes.prefix(length))) == nil) }
    for place in stride(from: 0, to: bytes.count, by: 5) {
      var damaged = bytes
      damaged[place] ^= 0x10
      #expect(ShardIndex(damaged) == nil, "byte \(place)")
    }
  }

  @Test func tenThousandMembersIndexInASecond() throws {
    let folder = try ScratchFolder()
    var shard: [UInt8] = []
    let content = [UInt8](try Fixture.data("asks_for_turn.jpg")) + TarMember.padding(after: 938)
    for number in 0..<1000 {
      shard += TarMember.header(name: "\(number).jpg", size: 938)
      shard += content
    }
    for number in 0..<10 { try folder.write(shard, to: "shards/\(number).tar") }
    let paths = try shardPaths(at: DataPaths([folder.path + "/shards"]))
    let start = ContinuousClock.now
    let index = try index(paths)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    #expect(try openSource(at: folder.path + "/shards", shardIndex: index).count == 10_000)
    // Without optimisation everything takes some twenty times as long.
    #if DEBUG
      let limit = 20.0
    #else
      let limit = 1.0
    #endif
    #expect(seconds < limit, "\(seconds) s")
  }
}

extension ShardIndex {
  fileprivate func outdatedCount(of paths: [String]) -> Int { (try? outdated(of: paths).count) ?? -1 }
}
