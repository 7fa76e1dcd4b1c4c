import Datasets
import Foundation
import Imaging
import Testing

/// Shards that Python's tarfile, GNU tar and PyPI's webdataset wrote. Image i is grey with the value 10 i, its label i % 3.
@Suite struct TarSourceTests {
  private func values(_ source: any ImageSource) throws -> [UInt8] {
    try (0..<source.count).map { try source.image(at: $0).pixels[0] }
  }

  @Test(arguments: [
    "shard_ustar.tar", "shard_pax.tar", "shard_gnu.tar", "shard_tar_gnu.tar", "shard_tar_posix.tar",
    "shard_webdataset.tar",
  ])
  func everyProgramsShardsAreRead(file: String) throws {
    let source = try openSource(at: Fixture.path(file))
    #expect(source is TarSource)
    #expect(source.kind == "a tar file" && source.notes == [])
    #expect(try values(source) == [0, 10, 20, 30])
    #expect((0..<4).map { source.label(of: $0) } == [0, 1, 2, 0])
    #expect(source.classNames == ["0", "1", "2"])
    #expect(source.name(of: 2).hasSuffix("002.png"))
  }

  @Test func membersOfAKeyBelongTogetherWhereverTheyLie() throws {
    let source = try openSource(at: Fixture.path("shard_odd.tar"))
    // In the order of the keys: 002 has its label first.
    #expect(try values(source) == [20, 0, 10, 30])
    #expect((0..<4).map { source.label(of: $0) } == [2, 0, 1, 0])
    #expect(source.name(of: 3).hasSuffix("shard_odd.tar#é/003.png"))
    #expect(
      source.notes == [
        "passed over 3 members that are neither images nor labels", "passed over 1 labels without an image",
        "1 keys have several images, of which the first is taken",
      ])
  }

  @Test func severalShardsAreOneDataSet() throws {
    let folder = try ScratchFolder()
    for number in 0..<3 {
      try folder.copyFixture(
        ["shard_ustar.tar", "shard_gnu.tar", "shard_webdataset.tar"][number], to: "train-00\(number).tar")
    }
    let all: [UInt8] = [0, 10, 20, 30, 0, 10, 20, 30, 0, 10, 20, 30]
    let pattern = try openSource(at: folder.path + "/train-{000..002}.tar")
    #expect(pattern.kind == "3 tar files")
    #expect(try values(pattern) == all)
    let whole = try openSource(at: folder.path)
    #expect(try values(whole) == all)
    #expect(whole.identity() == pattern.identity())
    let list = try openSource(at: DataPaths(["\(folder.path)/train-002.tar", "\(folder.path)/train-000.tar"]))
    #expect(try values(list) == Array(all.prefix(8)))
    #expect(list.identity() != pattern.identity())
    #expect(try openSource(at: folder.path + "/train-{000,002}.tar").count == 8)

    let missing = #expect(throws: DatasetError.self) { try openSource(at: folder.path + "/train-{000..003}.tar") }
    #expect(missing?.description == "cannot read \(folder.path)/train-003.tar: No such file or directory")
    let range = #expect(throws: DatasetError.self) { try openSource(at: folder.path + "/train-{3..a}.tar") }
    #expect(range?.description.contains("write it as {000000..000099}") == true)
  }

  @Test func packedShardsAreRefusedWithWhatToDo() throws {
    let folder = try ScratchFolder()
    try folder.write([0x1F, 0x8B, 8, 0], to: "a/x.tar.gz")
    for path in ["a/x.tar.gz", "a"] {
      let error = #expect(throws: DatasetError.self) { try openSource(at: "\(folder.path)/\(path)") }
      #expect(
        error?.description.hasPrefix(
          "\(folder.path)/a/x.tar.gz is no data set: a packed tar file cannot be read at any place; unpack it") == true)
    }
  }

  /// Cut at any length: a member that ends after the file is noticed at start. Only the zeros at the end may be missing.
  @Test func everyTruncationIsNoticed() throws {
    let folder = try ScratchFolder()
    let content = Array(try Fixture.data("shard_tar_gnu.tar"))
    let whole = try openSource(at: Fixture.path("shard_tar_gnu.tar")).count
    for length in stride(from: 0, to: content.count, by: 100) {
      try folder.write(content.prefix(length), to: "a.tar")
      if let source = try? openSource(at: folder.path + "/a.tar") {
        for index in 0..<source.count { _ = try source.image(at: index) }
        #expect(source.count <= whole)
      }
    }
  }

  /// A shard that changes while a run reads it ends the run with its name.
  @Test func aShardThatIsCutShortLaterIsNoBadImage() throws {
    let folder = try ScratchFolder()
    let path = folder.path + "/a.tar"
    try folder.copyFixture("shard_ustar.tar", to: "a.tar")
    let source = try openSource(at: path)
    #expect(try source.image(at: 0).pixels[0] == 0)
    #expect(truncate(path, 1000) == 0)
    let error = #expect(throws: DatasetError.self) { try source.image(at: 3) }
    guard case .corrupt(path, let reason) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reason == "it ends after 1000 bytes, and had 10240 when it was opened")
    let reopened = try openSource(at: Fixture.path("shard_ustar.tar"))
    #expect(try reopened.image(at: 3).pixels[0] == 30)
  }

  @Test func damagedHeadersDoNoHarm() throws {
    let folder = try ScratchFolder()
    let content = Array(try Fixture.data("shard_pax.tar"))
    for number in 0..<2000 {
      var damaged = content
      // Deterministic, all over the first eight blocks.
      let position = number &* 7919 % 4096
      damaged[position] = UInt8(truncatingIfNeeded: number &* 31 &+ 7)
      try folder.write(damaged, to: "a.tar")
      if let source = try? openSource(at: folder.path + "/a.tar") {
        for index in 0..<source.count { _ = try? source.image(at: index) }
      }
    }
  }
}
