import Foundation
import MPILaunch
import Testing

extension ProgramTests {
  /// `--dry-run`: what a start can fail for is found, and nothing is written.
  @Suite struct DryRun {
    private func dryRun(
      _ bench: Workbench, _ settings: [String] = [], options: [String] = [], ranks: Int? = nil
    ) throws -> MPILaunch.Outcome {
      try bench.pretrain("run", settings, options: ["--dry-run"] + options, ranks: ranks)
    }

    @Test(arguments: [nil, 2]) func aRunThatWouldBegin(ranks: Int?) throws {
      let bench = try Workbench()
      let outcome = try dryRun(bench, ranks: ranks)
      #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
      #expect(
        outcome.output.contains(
          /tiny.yaml: valid; 80 images, 5 steps an epoch, \S+ [kM]B of memory a rank; would begin; 4 checkpoints of 394 kB will lie there/
        ), "\(outcome.output)")
      #expect(outcome.output.split(separator: "\n").count == 1, "one rank speaks")
      #expect(!FileManager.default.fileExists(atPath: "\(bench.path)/run"))
    }

    @Test func aRunThatWouldGoOnAndOneThatMayNot() throws {
      let bench = try Workbench()
      try bench.train("run", ["train.steps=5"])
      let before = try bench.contents(of: "run")
      let outcome = try dryRun(bench)
      #expect(outcome.exitCode == 0)
      #expect(outcome.output.contains("; would go on after step 5 from "), "\(outcome.output)")
      let changed = try dryRun(bench, ["train.base_learning_rate=1"])
      #expect(changed.exitCode == 2)
      #expect(changed.errorOutput.contains("was made with another recipe (train.base_learning_rate: 0.016 -> 1.0)"))
      let anew = try dryRun(bench, options: ["--resume", "none"])
      #expect(anew.exitCode == 2)
      #expect(anew.errorOutput.contains("holds a run already"))
      #expect(try bench.contents(of: "run") == before)
    }

    @Test func otherWeightsAreNotLaidIntoTheModel() throws {
      let bench = try Workbench()
      try bench.train("other", ["train.steps=1", "model.encoder.width=16"])
      let outcome = try dryRun(bench, options: ["--init-from", "\(bench.path)/other"])
      #expect(outcome.exitCode == 1)
      #expect(outcome.errorOutput.contains("model.safetensors"), "\(outcome.errorOutput)")
    }

    @Test func aPlaceThatCannotBeWrittenTo() throws {
      let bench = try Workbench()
      let outcome = try bench.pretrain("images/run", options: ["--dry-run"])
      #expect(outcome.exitCode == 1)
      #expect(
        outcome.errorOutput
          == "mae: cannot use the run directory \(bench.path)/images/run: \(bench.path)/images is not a folder.\n")
    }

    @Test func aPlaceForNumbersThatIsNotThere() throws {
      let bench = try Workbench()
      let good = try dryRun(bench, options: ["--metrics", "\(bench.path)/mae.prom"])
      #expect(good.exitCode == 0 && !good.output.contains("--metrics"), "\(good.output)")
      let lost = try dryRun(bench, options: ["--metrics", "\(bench.path)/none/mae.prom"])
      #expect(lost.exitCode == 0, "a run would go on")
      #expect(
        lost.output.contains("; it would train without --metrics \(bench.path)/none/mae.prom, which cannot be written"),
        "\(lost.output)")
    }

    /// A second checkpoint is written before the first one goes, and two of 2.7 MB do not fit into three.
    @Test func noRoomForACheckpointIsSaidAtEveryStart() throws {
      let bench = try Workbench()
      let disk = try SmallDisk(at: "\(bench.path)/run")
      let large = ["model.encoder.width=96", "checkpoint.keep_last=1"]
      for options in [["--dry-run"], []] {
        let outcome = try bench.pretrain("run", large, options: options)
        #expect(outcome.exitCode == 1)
        #expect(
          outcome.errorOutput.contains(
            /the run directory \S+ has no room for a checkpoint: 2 checkpoints of \d\.\d\d MB will lie there at the same time, and 3/
          ),
          "\(outcome.errorOutput)")
      }
      let some = try bench.pretrain("run", ["checkpoint.keep_last=20", "train.steps=5"])
      #expect(some.exitCode == 0, "\(some.errorOutput)")
      let warned = try bench.pretrain("run", ["checkpoint.keep_last=20", "train.steps=6"])
      #expect(warned.exitCode == 0, "two checkpoints fit: \(warned.errorOutput)")
      #expect(!warned.errorOutput.contains("too little room"))
      let all = try bench.pretrain("run", ["checkpoint.keep_last=20"])
      #expect(
        all.errorOutput.contains("has too little room for all checkpoints: 21 checkpoints of "), "\(all.errorOutput)")
      extendLifetime(disk)
    }
  }
}
