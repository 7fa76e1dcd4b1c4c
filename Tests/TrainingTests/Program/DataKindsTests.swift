import Foundation
import MPILaunch
import Testing

extension ProgramTests {
  /// Whatever images are kept in, pre-training has the same bits on any ranks and over a resume.
  @Suite struct DataKinds {
    /// A data set that is made in a folder, and the settings that it wants.
    struct Case: Sendable, CustomTestStringConvertible {
      let name: String
      let settings: [String]
      let kind: String
      let make: @Sendable (Workbench) throws -> Void

      var testDescription: String { name }
    }

    private static func list(_ value: Double, _ count: Int) -> String {
      "[" + Array(repeating: "\(value)", count: count).joined(separator: ", ") + "]"
    }

    static let cases = [
      Case(
        name: "13 channels of 16 bits in an array",
        settings: [
          "data.path=FOLDER/bands.npy", "model.channels=13", "data.mean=\(list(0.4, 13))", "data.std=\(list(0.3, 13))",
          "data.sample_range=[0, 4095]", "data.flip=both",
        ], kind: "a NumPy array [N, C, H, W] = [40, 13, 12, 12] of uint16"
      ) { bench in
        let numbers = (0..<40 * 13 * 144).map { UInt16(truncatingIfNeeded: $0 &* 2_654_435_761 >> 17) & 4095 }
        try bench.write(numpyFile([40, 13, 12, 12], numbers), to: "bands.npy")
      },
      Case(
        name: "floats in TIFF files", settings: ["data.path=FOLDER/floats", "data.mean=[5]", "data.std=[20]"],
        kind: "a folder of images"
      ) { bench in
        for (index, pixels) in greyImages(count: 40).enumerated() {
          try bench.write(
            tiffFile(width: 12, height: 12, pixels.map { Float($0) / 7 - 3 }), to: "floats/\(index).tif")
        }
      },
      // Fewer shards than ranks.
      Case(
        name: "two shards", settings: ["data.path=FOLDER/shards/train-{0..1}.tar", "data.order=blocks"],
        kind: "2 tar files"
      ) { bench in
        try bench.writePNGs(to: "loose")
        for shard in 0..<2 {
          let members = try (20 * shard..<20 * shard + 20).map { index in
            let path = "\(bench.path)/loose/\(bench.pngName(index))"
            return (name: "\(index).png", content: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
          }
          try bench.write(tarFile(members), to: "shards/train-\(shard).tar")
        }
      },
      Case(
        name: "two sources", settings: ["data.path=[FOLDER/loose, FOLDER/images]"],
        kind: "40 images of a folder of images, 80 images of an IDX file"
      ) { bench in try bench.writePNGs(to: "loose") },
    ]

    @Test(arguments: cases) func bitsAreEqual(item: Case) throws {
      let bench = try Workbench()
      try item.make(bench)
      let settings = item.settings.map { $0.replacing("FOLDER", with: bench.path) }
      let outcome = try bench.pretrain("alone", settings + ["train.steps=6"])
      try #require(outcome.exitCode == 0, "\(outcome.errorOutput)")
      #expect(outcome.errorOutput.contains(item.kind), "\(outcome.errorOutput)")
      let alone = try bench.result(of: "alone")
      #expect(alone.log.badSamples.isEmpty)
      for ranks in [2, 4] {
        #expect(
          try bench.train("ranks-\(ranks)", settings + ["train.steps=6"], ranks: ranks) == alone, "\(ranks) ranks")
      }
      try bench.train("resumed", settings + ["train.steps=3"], ranks: 4)
      #expect(try bench.train("resumed", settings + ["train.steps=6"], ranks: 2) == alone)
    }

    /// What evaluates takes every kind, too, and keeps a name beside each row.
    @Test(arguments: cases) func isEmbeddedAndReconstructed(item: Case) throws {
      let bench = try Workbench()
      try item.make(bench)
      let settings = item.settings.map { $0.replacing("FOLDER", with: bench.path) }
      try bench.train("run", settings + ["train.steps=1"])
      let value = try #require(settings.first { $0.hasPrefix("data.path=") }).dropFirst("data.path=".count)
      let paths = value.split { "[], ".contains($0) }
      let model = ["--checkpoint", "\(bench.path)/run"] + paths.flatMap { ["--data", String($0)] }
      let (features, gallery) = ("\(bench.path)/features.npy", "\(bench.path)/gallery.png")
      let embedded = try bench.runAnyCommand(["embed", "--output", features] + model)
      #expect(embedded.exitCode == 0, "\(embedded.errorOutput)")
      let names = try String(contentsOfFile: features + ".txt", encoding: .utf8).split(separator: "\n")
      let count = item.name == "two sources" ? 120 : 40
      #expect(names.count == count && Set(names).count == count)
      let rows = try Data(contentsOf: URL(fileURLWithPath: features))
      // 32 floats a row behind a header of a multiple of 64 bytes.
      #expect(rows.count > 128 * count && (rows.count - 128 * count).isMultiple(of: 64))
      let painted = try bench.runAnyCommand(["reconstruct", "--output", gallery, "--count", "4"] + model)
      #expect(painted.exitCode == 0 && painted.output.contains("over 4 images"), "\(painted.errorOutput)")
    }

    /// What is remembered of an array is its content: another one is another recipe.
    @Test func otherNumbersAreNoticedAtAResume() throws {
      let bench = try Workbench()
      let item = Self.cases[0]
      try item.make(bench)
      let settings = item.settings.map { $0.replacing("FOLDER", with: bench.path) }
      try bench.train("run", settings + ["train.steps=2"])
      try bench.write(numpyFile([40, 13, 12, 12], [UInt16](repeating: 7, count: 40 * 13 * 144)), to: "bands.npy")
      let outcome = try bench.pretrain("run", settings + ["train.steps=4"])
      #expect(outcome.exitCode == 2 && outcome.errorOutput.contains("--allow-recipe-change"), "\(outcome.errorOutput)")
    }

    /// A shard that loses its end while the run goes on: one sentence that names it, on all ranks, and a checkpoint.
    @Test func aShardThatIsCutShortEndsAllRanks() throws {
      let bench = try Workbench()
      let item = Self.cases[2]
      try item.make(bench)
      let settings = item.settings.map { $0.replacing("FOLDER", with: bench.path) }
      let job = try bench.start("run", settings + ["train.epochs=100000", "checkpoint.every_epochs=2"], ranks: 2)
      try bench.waitForStep(6, of: "run", job)
      let shard = "\(bench.path)/shards/train-1.tar"
      #expect(truncate(shard, 700) == 0)
      let outcome = try job.wait(deadlineSeconds: 30)
      #expect(outcome.exitCode == 1)
      let sentences = outcome.errorOutput.split(separator: "\n").filter { $0.hasPrefix("mae: ") }
      #expect(
        !sentences.isEmpty
          && sentences.allSatisfy { $0.contains("\(shard) is damaged: it ends after 700 bytes") }, "\(sentences)")
      #expect(try bench.inspect("run").step >= 4)
    }

    /// The index of shards is kept beside the run: made once by all ranks, taken at the next start, and made anew where a shard
    /// changed or the file is none.
    @Test func theIndexOfShardsIsKeptBesideTheRun() throws {
      let bench = try Workbench()
      let item = Self.cases[2]
      try item.make(bench)
      let settings = item.settings.map { $0.replacing("FOLDER", with: bench.path) }
      func said(_ run: String, steps: Int, ranks: Int) throws -> String {
        let outcome = try bench.pretrain(run, settings + ["train.steps=\(steps)"], ranks: ranks)
        try #require(outcome.exitCode == 0, "\(outcome.errorOutput)")
        return outcome.errorOutput
      }
      func kept(_ run: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: "\(bench.path)/\(run)/shards.index"))
      }
      #expect(try said("run", steps: 2, ranks: 2).contains("read the headers of 2 tar files, to be kept in"))
      let index = try kept("run")
      for ranks in [1, 4] {
        _ = try said("ranks-\(ranks)", steps: 1, ranks: ranks)
        #expect(try kept("ranks-\(ranks)") == index, "\(ranks) ranks")
      }
      #expect(try said("run", steps: 4, ranks: 1).contains("took what the headers of 2 tar files say from"))
      let date = [FileAttributeKey.modificationDate: Date(timeIntervalSince1970: 1_000_000)]
      try FileManager.default.setAttributes(date, ofItemAtPath: "\(bench.path)/shards/train-1.tar")
      #expect(try said("run", steps: 5, ranks: 2).contains("1 of 2 tar files are new, or others than when"))
      try bench.write(Array("{}".utf8), to: "run/shards.index")
      #expect(try said("run", steps: 6, ranks: 2).contains("is no index of tar files, or a damaged one"))
      #expect(try kept("run").count == index.count)
      #expect(try bench.result(of: "run") == bench.train("whole", settings + ["train.steps=6"]))
    }
  }
}
