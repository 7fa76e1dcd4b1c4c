import Foundation
import Testing

extension ProgramTests {
  /// A run that was interrupted and goes on anywhere ends in the bits of one that was not.
  @Suite struct Resume {
    /// 7 and 13 are in the middle of epochs.
    @Test func endsInTheSameBitsOnOtherThreadsAndRanks() throws {
      let bench = try Workbench()
      let whole = try bench.train("whole", ["train.steps=20"])
      try bench.train("parts", ["train.steps=7"], ranks: 2)
      try bench.train("parts", ["train.steps=10", "parallel.threads=3"])
      try bench.train("parts", ["train.steps=13", "data.workers=2"], ranks: 4)
      #expect(try bench.train("parts", ["train.steps=20"], ranks: 2) == whole)
    }

    @Test(arguments: [nil, 2]) func killedRunsGoOnWhereTheyWere(ranks: Int?) throws {
      let bench = try Workbench()
      let settings = ["checkpoint.every_steps=3", "train.epochs=100000"]
      let job = try bench.start("killed", settings, ranks: ranks)
      try bench.waitForStep(20, of: "killed", job)
      try job.send(SIGKILL, toRank: ranks == nil ? nil : 1)
      let outcome = try job.wait(deadlineSeconds: 30)
      #expect(outcome.exitCode != 0)
      let checkpoint = try bench.inspect("killed").step
      #expect(checkpoint >= 15)
      let last = try bench.log(of: "killed").lastStep + 10
      let resumed = try bench.pretrain("killed", settings + ["train.steps=\(last)"])
      #expect(resumed.exitCode == 0)
      #expect(resumed.errorOutput.contains("resumed after step \(checkpoint) from"))
      let result = try bench.result(of: "killed")
      #expect(try bench.train("whole", settings + ["train.steps=\(last)"]) == result)
      #expect(result.log.steps.map(\.step) == Array(1...last))
    }

    @Test func leavesTheLastCheckpointsAndThoseToKeep() throws {
      let bench = try Workbench()
      let settings = [
        "checkpoint.every_epochs=null", "checkpoint.every_steps=4", "checkpoint.keep_last=2",
        "checkpoint.keep_every_steps=12",
      ]
      try bench.train("run", settings + ["train.steps=22"])
      #expect(try bench.checkpointSteps(of: "run") == [12, 20, 22])
      try bench.train("none", ["checkpoint.every_epochs=null", "train.steps=3"])
      #expect(try bench.checkpointSteps(of: "none") == [3])
      // The schedule itself ends at step 20.
      try bench.train("epochs", ["train.epochs=4", "checkpoint.every_epochs=3", "checkpoint.keep_last=9"])
      #expect(try bench.checkpointSteps(of: "epochs") == [15, 20])
    }

    @Test func refusesAnotherRecipeUnlessAllowed() throws {
      let bench = try Workbench()
      try bench.train("run", ["train.steps=3"])
      let before = try bench.contents(of: "run")
      let settings = ["train.steps=6", "train.weight_decay=0.1", "train.seed=9"]
      let refused = try bench.pretrain("run", settings)
      #expect(refused.exitCode == 2)
      #expect(refused.errorOutput.contains("train.seed: 0 -> 9; train.weight_decay: 0.05 -> 0.1"))
      #expect(refused.errorOutput.contains("--allow-recipe-change"))
      #expect(try bench.contents(of: "run") == before)
      let allowed = try bench.train("run", settings, options: ["--allow-recipe-change"])
      #expect(allowed.log.steps.map(\.step) == Array(1...6))
    }

    @Test func refusesAnotherSizeOfTheData() throws {
      let bench = try Workbench()
      try bench.train("run", ["train.steps=3"])
      let before = try bench.contents(of: "run")
      try bench.write(idxFile(images: greyImages(count: 96)), to: "more")
      let refused = try bench.pretrain("run", ["train.steps=6", "data.path=\(bench.path)/more"])
      #expect(refused.exitCode == 2)
      #expect(
        refused.errorOutput.contains(
          "(images of the data set: 80 -> 96; steps of an epoch, from the size of the data set: 5 -> 6)"))
      #expect(try bench.contents(of: "run") == before)
    }

    /// As many images, or as many steps of an epoch, but not the same: what the checkpoint was made of is told from it.
    @Test func refusesOtherDataWithAsManySteps() throws {
      let bench = try Workbench()
      try bench.writePNGs(to: "images-1")
      let settings = ["data.path=\(bench.path)/images-1"]
      try bench.train("run", settings + ["train.steps=3"])
      let whole = try bench.train("whole", settings + ["train.steps=6"])
      // Elsewhere, the same is the same.
      try FileManager.default.moveItem(atPath: "\(bench.path)/images-1", toPath: "\(bench.path)/images-2")
      let moved = ["data.path=\(bench.path)/images-2"]
      try bench.train("run", moved + ["train.steps=4"])
      let before = try bench.contents(of: "run")
      // Behind it all images move up.
      let first = "\(bench.path)/images-2/\(bench.pngName(0))"
      try FileManager.default.moveItem(atPath: first, toPath: "\(bench.path)/images-2/renamed.png")
      let renamed = try bench.pretrain("run", moved + ["train.steps=6"])
      #expect(renamed.exitCode == 2)
      #expect(
        renamed.errorOutput.contains("(names, sizes or contents of the 40 images of the data set)"),
        "\(renamed.errorOutput)")
      try FileManager.default.removeItem(atPath: "\(bench.path)/images-2/renamed.png")
      let fewer = try bench.pretrain("run", moved + ["train.steps=6"], ranks: 2)
      #expect(fewer.exitCode == 2)
      #expect(fewer.errorOutput.contains("(images of the data set: 40 -> 39)"), "\(fewer.errorOutput)")
      #expect(try bench.contents(of: "run") == before)
      let allowed = try bench.train("run", moved + ["train.steps=6"], options: ["--allow-recipe-change"])
      #expect(allowed.checkpoint.step == 6 && allowed.checkpoint != whole.checkpoint)
      // From then on these are its data.
      #expect(try bench.train("run", moved + ["train.steps=7"]).checkpoint.step == 7)
    }

    /// Written out or left open, the same number of virtual workers is the same recipe.
    @Test func acceptsTheSameRecipeWrittenOtherwise() throws {
      let bench = try Workbench()
      let open = ["train.batch_size=32", "parallel.virtual_workers=null"]
      try bench.train("run", open + ["train.steps=1"])
      try bench.train("run", ["train.batch_size=32", "parallel.virtual_workers=4", "train.steps=2"])
      let other = try bench.pretrain("run", ["train.batch_size=32", "parallel.virtual_workers=2", "train.steps=3"])
      #expect(other.exitCode == 2)
      #expect(other.errorOutput.contains("parallel.virtual_workers: 4 -> 2"))
    }

    @Test func noneLeavesARunAlone() throws {
      let bench = try Workbench()
      try bench.train("run", ["train.steps=2"], options: ["--resume", "none"])
      let before = try bench.contents(of: "run")
      let refused = try bench.pretrain("run", ["train.steps=4"], options: ["--resume", "none"])
      #expect(refused.exitCode == 2)
      #expect(refused.errorOutput.contains("the run directory \(bench.path)/run holds a run already"))
      #expect(try bench.contents(of: "run") == before)
    }

    @Test func goesOnFromTheCheckpointThatIsNamed() throws {
      let bench = try Workbench()
      let settings = ["checkpoint.every_steps=2", "checkpoint.keep_last=9"]
      let whole = try bench.train("whole", settings + ["train.steps=8"])
      let option = ["--resume", "\(bench.path)/whole/checkpoints/step-00000004"]
      let branch = try bench.train("branch", settings + ["train.steps=8"], options: option)
      #expect(branch.checkpoint == whole.checkpoint)
      #expect(branch.log.steps == Array(whole.log.steps[4...]))
      // In its own directory it would take the later ones' places.
      let before = try bench.contents(of: "whole")
      let refused = try bench.pretrain("whole", settings + ["train.steps=9"], options: option)
      #expect(refused.exitCode == 2)
      #expect(refused.errorOutput.contains("holds a checkpoint of step 8, which going on from step 4 would lose"))
      #expect(try bench.contents(of: "whole") == before)
    }

    /// With a learning rate of nothing the weights stay what they were.
    @Test(arguments: [nil, 2]) func initFromTakesTheWeightsAndNothingElse(ranks: Int?) throws {
      let bench = try Workbench()
      let source = try bench.train("source", ["train.steps=7"])
      let still = ["train.base_learning_rate=0", "train.seed=3"]
      let option = ["--init-from", "\(bench.path)/source"]
      let first = try bench.train("run", still + ["train.steps=2"], options: option, ranks: ranks)
      #expect(first.checkpoint.step == 2)
      #expect(first.checkpoint.parameters == source.checkpoint.parameters)
      #expect(first.checkpoint.optimizer != source.checkpoint.optimizer)
      // The same command goes on with the run, and does not begin it again.
      let again = try bench.pretrain("run", still + ["train.steps=4"], options: option, ranks: ranks)
      #expect(again.exitCode == 0)
      #expect(again.errorOutput.contains("resumed after step 2 from"))
      #expect(!again.errorOutput.contains("began with the weights"))
      // Other weights would be ignored.
      let others = ["--init-from", "\(bench.path)/run"]
      let refused = try bench.pretrain("run", still + ["train.steps=6"], options: others, ranks: ranks)
      #expect(refused.exitCode == 2)
      #expect(
        refused.errorOutput.contains(
          "run holds a run that began with --init-from \(bench.path)/source, not with --init-from \(bench.path)/run;"),
        "\(refused.errorOutput)")
      try bench.train("alone", still + ["train.steps=1"])
      let anew = try bench.pretrain("alone", still + ["train.steps=2"], options: option, ranks: ranks)
      #expect(anew.exitCode == 2)
      #expect(anew.errorOutput.contains("alone holds a run that began with weights of its own, not with"))
      #expect(try bench.train("alone", still + ["train.steps=2"]).checkpoint.step == 2)
      let both = try bench.pretrain(
        "other", still, options: option + ["--resume", "\(bench.path)/source"], ranks: ranks)
      #expect(both.exitCode == 2)
      #expect(both.errorOutput.contains("--init-from begins a new run and --resume"))
    }

    @Test func halfWrittenCheckpointsAreRemovedAtTheStart() throws {
      let bench = try Workbench()
      try bench.train("run", ["train.steps=4"])
      let left = [".step-00000005.tmp-0a1b2c3d", ".step-00000002.removed-0a1b2c3d"]
      for name in left { try bench.write([1, 2, 3], to: "run/checkpoints/\(name)/model.safetensors") }
      let outcome = try bench.pretrain("run", ["train.steps=6"])
      #expect(outcome.exitCode == 0)
      for name in left { #expect(outcome.errorOutput.contains("removed the unfinished checkpoint \(name)")) }
      let names = try FileManager.default.contentsOfDirectory(atPath: "\(bench.path)/run/checkpoints").sorted()
      #expect(names == ["step-00000004", "step-00000005", "step-00000006"])
    }

    @Test func takesTheNewestValidCheckpointAndSaysWhichItPassedOver() throws {
      let bench = try Workbench()
      let settings = ["checkpoint.every_steps=2", "checkpoint.every_epochs=null"]
      let whole = try bench.train("whole", settings + ["train.steps=8"])
      try bench.train("run", settings + ["train.steps=6"])
      let model = "\(bench.path)/run/checkpoints/step-00000006/model.safetensors"
      var bytes = try Data(contentsOf: URL(fileURLWithPath: model))
      bytes[bytes.count - 1] ^= 1
      try bytes.write(to: URL(fileURLWithPath: model))
      let outcome = try bench.pretrain("run", settings + ["train.steps=8"], ranks: 2)
      #expect(outcome.exitCode == 0)
      #expect(outcome.errorOutput.contains("passed over the checkpoint of step 6: model.safetensors has changed"))
      #expect(outcome.errorOutput.contains("resumed after step 4 from"))
      #expect(try bench.result(of: "run") == whole)
    }

    @Test func aDirectoryInUseIsRefused() throws {
      let bench = try Workbench()
      let settings = ["train.epochs=100000"]
      let job = try bench.start("run", settings)
      try bench.waitForStep(2, of: "run", job)
      for ranks in [nil, 2] {
        let refused = try bench.pretrain("run", settings, ranks: ranks)
        #expect(refused.exitCode == 1)
        #expect(
          refused.errorOutput.contains(
            "the run directory \"\(bench.path)/run\" is in use by process \(job.processIdentifier) on host"),
          "\(refused.errorOutput)")
      }
      #expect(job.isRunning)
      try job.send(SIGTERM)
      #expect(try job.wait(deadlineSeconds: 30).exitCode == 75)
      let log = try bench.log(of: "run")
      #expect(log.steps.map(\.step) == Array(1...log.lastStep))
    }

    @Test(arguments: [nil, 2]) func aFinishedRunHasNothingLeftToDo(ranks: Int?) throws {
      let bench = try Workbench()
      try bench.train("run", ["train.steps=4"])
      let before = try bench.contents(of: "run")
      let again = try bench.pretrain("run", ["train.steps=4"], ranks: ranks)
      #expect(again.exitCode == 0)
      #expect(again.errorOutput.contains("nothing left to do: step 4 of 4 is done"))
      #expect(try bench.contents(of: "run") == before)
    }
  }
}
