import Foundation
import Testing

extension ProgramTests {
  /// Images that cannot be used while the run goes on.
  @Suite struct DataTrouble {
    private func settings(_ bench: Workbench, _ folder: String, limit: Double = 1) -> [String] {
      ["data.path=\(bench.path)/\(folder)", "data.max_bad_fraction=\(limit)", "checkpoint.every_epochs=2"]
    }

    /// An image that does not decode gives its place to the next one. So the run is that over a data set where the next
    /// one lies in its place, bit for bit.
    @Test func brokenImagesAreReplacedByTheNext() throws {
      let bench = try Workbench()
      let broken = [5, 17, 18, 39]
      try bench.writePNGs(to: "broken", broken: Set(broken))
      try bench.writePNGs(to: "replaced")
      for (index, next) in zip(broken, [6, 19, 19, 0]) {
        try bench.write(
          Data(contentsOf: URL(fileURLWithPath: "\(bench.path)/replaced/\(bench.pngName(next))")),
          to: "replaced/\(bench.pngName(index))")
      }
      let steps = ["train.steps=6"]
      let alone = try bench.train("alone", settings(bench, "broken") + steps)
      let replaced = try bench.train("replaced-run", settings(bench, "replaced") + steps)
      #expect(alone.checkpoint == replaced.checkpoint)
      #expect(alone.log.steps == replaced.log.steps)
      #expect(replaced.log.badSamples.isEmpty)

      // In three epochs of two steps, 96 of 120 places: most of the four are met each time, 17 meets 18 too.
      #expect(alone.log.badSamples.count >= 8)
      for bad in alone.log.badSamples {
        #expect(
          broken.contains { bad.reason.contains("cannot decode \(bench.path)/broken/\(bench.pngName($0)) as PNG") })
      }
      #expect(try bench.train("ranks", settings(bench, "broken") + steps + ["data.workers=3"], ranks: 2) == alone)
    }

    @Test(arguments: [nil, 2]) func tooManyStopTheRunWithACheckpoint(ranks: Int?) throws {
      let bench = try Workbench()
      try bench.writePNGs(to: "broken", broken: [3, 20, 30])
      let whole = try bench.train("whole", settings(bench, "broken") + ["train.steps=8"])
      // Two images of an epoch's 32 are more than 0.04 of them, one is not.
      let limited = settings(bench, "broken", limit: 0.04) + ["train.steps=8"]
      let outcome = try bench.pretrain("run", limited, ranks: ranks)
      #expect(outcome.exitCode == 1)
      let sentences = outcome.errorOutput.split(separator: "\n").filter { $0.hasPrefix("mae: ") }
      #expect(sentences.count == 1)
      #expect(
        sentences.first?.contains("of the 32 images of epoch") == true
          && sentences.first?.contains("more than data.max_bad_fraction (0.04)") == true, "\(outcome.errorOutput)")
      let log = try bench.log(of: "run")
      #expect(log.lastStep < 8)
      #expect(try bench.inspect("run").step == log.lastStep)
      let countInEpoch = log.badSamples.filter { ($0.step - 1) / 2 == (log.lastStep - 1) / 2 }.count
      #expect(countInEpoch >= 2)
      // The limit is no part of the recipe: with a higher one it goes on.
      #expect(try bench.train("run", settings(bench, "broken") + ["train.steps=8"], ranks: ranks) == whole)
    }

    /// Ten of 40 images in a row: each looks for another in the place of all behind it, and counts once an epoch.
    @Test(arguments: [nil, 2]) func anImageCountsOnceAnEpoch(ranks: Int?) throws {
      let bench = try Workbench()
      try bench.writePNGs(to: "broken", broken: Set(10..<20))
      let steps = ["train.steps=6"]
      // Ten of an epoch's 32 places are less than a third of them, and up to eight fewer where images are left out.
      let outcome = try bench.pretrain("run", settings(bench, "broken", limit: 0.32) + steps, ranks: ranks)
      #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
      #expect(try bench.log(of: "run").badSamples.count > 3 * 10)
      let strict = try bench.pretrain("strict", settings(bench, "broken", limit: 0.05) + steps, ranks: ranks)
      #expect(strict.exitCode == 1)
      let found = try #require(
        strict.errorOutput.firstMatch(of: /mae: (\d+) of the 32 images of epoch 1 did not decode/))
      #expect((2...10).contains(try #require(Int(found.1))))
    }

    /// Each rank has its own copy of the data, as on the disks of two hosts, and one copy disappears.
    @Test func dataThatDisappearsFromOneRankEndsAll() throws {
      let bench = try Workbench()
      try bench.writePNGs(to: "first")
      try bench.writePNGs(to: "second")
      let endless = ["train.epochs=100000"]
      let job = try bench.startUnequalRanks(
        bench.arguments("run", settings(bench, "first") + endless),
        bench.arguments("run", settings(bench, "second") + endless))
      try bench.waitForStep(6, of: "run", job)
      try FileManager.default.moveItem(atPath: "\(bench.path)/second", toPath: "\(bench.path)/gone")
      let outcome = try job.wait(deadlineSeconds: 20)
      #expect(outcome.exitCode == 1)
      #expect(
        outcome.errorOutput.contains("mae: rank 1: 40 images in a row cannot be used"), "\(outcome.errorOutput)")
      #expect(outcome.errorOutput.contains("\(bench.path)/second/image-"))
      #expect(try bench.inspect("run").step >= 4)
    }
  }
}
