import Foundation
import MPILaunch
import Testing

extension ProgramTests {
  /// One image of 208 that is broken (0.5 %), kept in each way; and what cannot be read in the middle of a run.
  @Suite struct BrokenImages {
    static let broken = 77
    static let count = 208

    /// What a kind of file holds for an image, and what it is called.
    struct Kind: Sendable, CustomTestStringConvertible {
      let name: String
      let settings: [String]
      let content: @Sendable (_ index: Int) throws -> [UInt8]

      var testDescription: String { name }
    }

    private static let pixels = greyImages(count: count)

    static let kinds = [
      Kind(name: "npy", settings: ["data.mean=[0.5]"]) { index in
        numpyFile([12, 12], pixels[index].map { Float($0) / 255 })
      },
      Kind(name: "tif", settings: ["data.mean=[5]", "data.std=[20]"]) { index in
        tiffFile(width: 12, height: 12, pixels[index].map { Float($0) / 7 - 3 })
      },
      Kind(name: "webp", settings: colorSettings) { _ in
        let fixture = Bundle.module.bundleURL.appendingPathComponent("Fixtures/lossy.webp")
        return [UInt8](try Data(contentsOf: fixture))
      },
    ]

    private func name(_ index: Int, _ kind: Kind) -> String { String(format: "image-%03d.", index) + kind.name }

    private func content(_ index: Int, _ kind: Kind) throws -> [UInt8] {
      let whole = try kind.content(index)
      return index == Self.broken ? Array(whole.prefix(whole.count / 2)) : whole
    }

    private func requireEqualBits(_ bench: Workbench, _ settings: [String], brokenName: String) throws {
      let epoch = settings + ["train.steps=13"]
      let alone = try bench.train("alone", epoch)
      #expect(alone.log.badSamples.count == 1 && alone.log.badSamples[0].reason.contains(brokenName), "\(alone.log)")
      for ranks in [2, 4] { #expect(try bench.train("ranks-\(ranks)", epoch, ranks: ranks) == alone, "\(ranks) ranks") }
    }

    /// The first time that the second rank reads an image, it is empty.
    @Test func anImageThatIsGoodTheSecondTimeNamesTheRankThatReadIt() throws {
      let bench = try Workbench()
      try bench.writePNGs(to: "images-of-40")
      let image = "\(bench.path)/images-of-40/\(bench.pngName(20))"
      let settings = ["data.path=\(bench.path)/images-of-40", "train.steps=20"]
      let arguments = bench.arguments("run", settings)
      let job = try bench.startUnequalRanks(
        arguments, arguments,
        secondThrough: ["strace", "-f", "-qq", "-o", "/dev/null", "-P", image, "-e", "inject=pread64:retval=0:when=1"])
      let outcome = try job.wait(deadlineSeconds: 50)
      #expect(outcome.exitCode == 0)
      let said = /did when it was read once more: .*image-20\.png.* \(rank 1 on \S+\); .* of that host's system/
      #expect(outcome.errorOutput.contains(said), "\(outcome.errorOutput)")
      let log = try String(contentsOfFile: "\(bench.path)/run/log.jsonl", encoding: .utf8)
      #expect(log.contains(/"event":"good_the_second_time","step":\d+,"reason":"[^"]*\(rank 1 on [^"]+\)"/))
      #expect(outcome.errorOutput.contains("1 image did not decode the first time and did the second: "))
      #expect(try bench.result(of: "run") == bench.train("whole", settings))
    }

    @Test(arguments: kinds) func aFolderIsTrainedOnWithoutTheBrokenOne(kind: Kind) throws {
      let bench = try Workbench()
      for index in 0..<Self.count { try bench.write(content(index, kind), to: "folder/\(name(index, kind))") }
      let settings = ["data.path=\(bench.path)/folder"] + kind.settings
      try requireEqualBits(bench, settings, brokenName: "/folder/\(name(Self.broken, kind))")
    }

    @Test(arguments: kinds) func shardsAreTrainedOnWithoutTheBrokenOne(kind: Kind) throws {
      let bench = try Workbench()
      for shard in 0..<2 {
        let members = try (104 * shard..<104 * shard + 104).map { index in
          (name: name(index, kind), content: try content(index, kind))
        }
        try bench.write(tarFile(members), to: "shards/train-\(shard).tar")
      }
      let settings = ["data.path=\(bench.path)/shards"] + kind.settings
      try requireEqualBits(bench, settings, brokenName: "train-0.tar#\(name(Self.broken, kind))")
    }

    /// A disk that gives no bytes any more, on one of two ranks: seven tries, then a checkpoint and the name, on both.
    @Test func aReadErrorEndsAllRanksWithACheckpoint() throws {
      let bench = try Workbench()
      let kind = Self.kinds[0]
      let members = try (0..<Self.count).map { (name: name($0, kind), content: try kind.content($0)) }
      try bench.write(tarFile(members), to: "images.tar")
      let settings = [
        "data.path=\(bench.path)/images.tar", "data.mean=[0.5]", "checkpoint.every_epochs=null",
        "checkpoint.every_steps=3", "train.epochs=100000",
      ]
      let arguments = bench.arguments("run", settings)
      // After the headers and some images.
      let inject = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", "\(bench.path)/images.tar", "-e"]
      let job = try bench.startUnequalRanks(
        arguments, arguments, secondThrough: inject + ["inject=pread64:error=EIO:when=400+"])
      let outcome = try job.wait(deadlineSeconds: 60)
      #expect(outcome.exitCode == 1)
      #expect(
        outcome.errorOutput.contains("cannot read \(bench.path)/images.tar: Input/output error"),
        "\(outcome.errorOutput)")
      let checkpoint = try bench.inspect("run").step
      #expect(checkpoint >= 3)
      let longer = settings + ["train.steps=\(checkpoint + 5)"]
      #expect(try bench.train("run", longer) == bench.train("whole", longer))
    }

    /// A file that disappears while the run goes on is an image that cannot be used, and is named.
    @Test(arguments: [nil, 2]) func aFileThatIsDeletedGivesItsPlaceToTheNext(ranks: Int?) throws {
      let bench = try Workbench()
      try bench.writePNGs(to: "folder")
      let settings = [
        "data.path=\(bench.path)/folder", "data.max_bad_fraction=1", "train.epochs=100000", "checkpoint.every_epochs=1",
      ]
      let job = try bench.start("run", settings, ranks: ranks)
      try bench.waitForStep(4, of: "run", job)
      try FileManager.default.removeItem(atPath: "\(bench.path)/folder/\(bench.pngName(7))")
      try bench.waitUntil("the missing image's name", job) {
        (try? bench.log(of: "run").badSamples.contains { $0.reason.contains("folder/\(bench.pngName(7))") }) ?? false
      }
      try job.send(SIGUSR1)
      let outcome = try job.wait(deadlineSeconds: 30)
      #expect(outcome.exitCode == 75, "\(outcome.errorOutput)")
      #expect(try bench.inspect("run").step >= 4)
    }

    /// Photographs that ask to be turned are counted over all ranks, and it is said once.
    @Test func imagesThatAskForATurnAreSaidOnce() throws {
      let bench = try Workbench()
      for index in 0..<48 {
        let name = index % 3 == 0 ? "asks_for_turn.jpg" : "waves\(index % 5).jpg"
        let fixture = Bundle.module.bundleURL.appendingPathComponent("Fixtures/\(name)")
        try bench.write(Data(contentsOf: fixture), to: "folder/\(index).jpg")
      }
      // Three steps an epoch, which take every image.
      let settings = ["data.path=\(bench.path)/folder", "train.steps=8"] + colorSettings
      for ranks in [nil, 2] {
        let outcome = try bench.pretrain("run-\(ranks ?? 1)", settings, ranks: ranks)
        #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
        #expect(
          outcome.errorOutput.split(separator: "16 of 48 images have EXIF data that asks to turn them").count == 2,
          "\(outcome.errorOutput)")
      }
      let turned = try bench.pretrain("turned", settings + ["data.exif=true"])
      #expect(turned.exitCode == 0 && !turned.errorOutput.contains("EXIF"), "\(turned.errorOutput)")
    }

    /// What a fast decoding gives belongs to the recipe, and is as equal on all ranks as the exact one.
    @Test func fastDecodingIsAnotherRecipeWithEqualBits() throws {
      let bench = try Workbench()
      try bench.writeJPEGs(to: "folder")
      let settings = ["data.path=\(bench.path)/folder", "train.steps=4"] + colorSettings
      let exact = try bench.train("exact", settings)
      let fast = try bench.train("fast", settings + ["data.fast_decode=true"])
      #expect(fast.checkpoint != exact.checkpoint)
      #expect(try bench.train("fast-2", settings + ["data.fast_decode=true"], ranks: 2) == fast)
      let refused = try bench.pretrain("exact", settings + ["train.steps=5", "data.fast_decode=true"])
      #expect(refused.exitCode == 2 && refused.errorOutput.contains("data.fast_decode"), "\(refused.errorOutput)")
    }
  }
}
