import Testing

extension ProgramTests {
  /// The one promise: no bit depends on threads and ranks.
  @Suite struct EqualBits {
    @Test(arguments: [4, 8]) func onAnyThreadsAndRanks(virtualWorkers: Int) throws {
      let bench = try Workbench()
      let settings = ["parallel.virtual_workers=\(virtualWorkers)", "train.steps=20"]
      let alone = try bench.train("alone", settings)
      #expect(alone.checkpoint.step == 20)
      #expect(alone.log.steps.map(\.step) == Array(1...20))
      #expect(alone.log.epochs.map(\.epoch) == [1, 2, 3, 4])
      #expect(Set(alone.log.steps.map(\.loss)).count == 20)
      // Three threads do not divide the virtual workers: the last round leaves some without work.
      for threads in [2, 3] {
        let result = try bench.train("threads-\(threads)", settings + ["parallel.threads=\(threads)"])
        #expect(result == alone, "\(threads) threads")
      }
      for ranks in [1, 2, 4, 8] where ranks <= virtualWorkers {
        #expect(try bench.train("ranks-\(ranks)", settings, ranks: ranks) == alone, "\(ranks) ranks")
      }
      let both = try bench.train("both", settings + ["parallel.threads=3", "data.workers=3"], ranks: 2)
      #expect(both == alone, "2 ranks x 3 threads")
    }

    /// The other recipes and sizes that take other ways through the code.
    @Test(arguments: [
      ["model.norm_pix=false", "data.random_crop=false", "data.flip=false"],
      ["model.image_size=[6, 10]", "model.mask_ratio=0.6", "model.encoder.heads=4", "train.batch_size=20"],
      ["parallel.virtual_workers=6", "train.batch_size=18"], ["train.precision=bf16"],
    ])
    func whateverTheRecipe(recipe: [String]) throws {
      let bench = try Workbench()
      let settings = recipe + ["train.steps=6"]
      let alone = try bench.train("alone", settings)
      #expect(try bench.train("threads", settings + ["parallel.threads=2"]) == alone)
      #expect(try bench.train("ranks", settings, ranks: 2) == alone)
    }

    /// In mixed precision too, and a resume on another number of ranks starts from the same rounded weights.
    @Test func overAResumeInMixedPrecision() throws {
      let bench = try Workbench()
      let settings = ["train.precision=bf16"]
      let alone = try bench.train("alone", settings + ["train.steps=8"])
      try bench.train("resumed", settings + ["train.steps=3"], ranks: 4)
      #expect(try bench.train("resumed", settings + ["train.steps=8"], ranks: 2) == alone)
    }

    /// What backward computes again has the bits that forward had; and it may change at a resume.
    @Test(arguments: ["fp32", "bf16"]) func whateverIsComputedAgain(precision: String) throws {
      let bench = try Workbench()
      let settings = ["train.precision=\(precision)", "train.steps=6"]
      let alone = try bench.train("alone", settings)
      for recompute in ["mlp", "block"] {
        let result = try bench.train(recompute, settings + ["train.recompute=\(recompute)", "parallel.threads=4"])
        #expect(result == alone, "\(recompute)")
      }
      try bench.train("changed", settings + ["train.steps=2", "train.recompute=block"])
      #expect(try bench.train("changed", settings) == alone)
    }

    @Test func onJPEGImages() throws {
      let bench = try Workbench()
      try bench.writeJPEGs(to: "photographs")
      let settings = colorSettings + ["data.path=\(bench.path)/photographs", "train.steps=5"]
      let alone = try bench.train("alone", settings)
      #expect(try bench.train("workers", settings + ["data.workers=3", "parallel.threads=2"]) == alone)
      #expect(try bench.train("ranks", settings + ["data.workers=2"], ranks: 2) == alone)
    }

    /// If the hashes could not differ, nothing above would say anything.
    @Test(arguments: [
      "train.seed=1", "parallel.virtual_workers=8", "train.weight_decay=0.051", "data.flip=false",
      "model.mask_ratio=0.5", "train.beta2=0.951", "train.precision=bf16",
    ])
    func anotherRecipeHasOtherBits(setting: String) throws {
      let bench = try Workbench()
      let one = try bench.train("one", ["train.steps=3"])
      let other = try bench.train("other", ["train.steps=3", setting])
      #expect(other.checkpoint.parameters != one.checkpoint.parameters)
      #expect(other.checkpoint.optimizer != one.checkpoint.optimizer)
    }

    /// Three ranks have a tree of their own. What comes before the first sum over ranks is the same all the same: the
    /// first step's losses.
    @Test func threeRanksAreRepeatableAndSaySo() throws {
      let bench = try Workbench()
      let settings = ["train.steps=20"]
      let alone = try bench.train("alone", settings)
      let outcome = try bench.pretrain("three", settings, ranks: 3)
      #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
      #expect(outcome.errorOutput.contains("repeatable for 3 ranks, but depend on that number"))
      let three = try bench.result(of: "three")
      #expect(try bench.train("again", settings + ["parallel.threads=2"], ranks: 3) == three)
      #expect(three.checkpoint.parameters != alone.checkpoint.parameters)
      #expect(three.log.steps.first?.loss == alone.log.steps.first?.loss)
      #expect(three.log.steps.map(\.step) == Array(1...20))
    }

    /// Once three ranks have taken steps, no number of ranks that follows makes the bits those of one.
    @Test func threeRanksAreRememberedByThoseThatGoOn() throws {
      let bench = try Workbench()
      func bits(_ steps: Int, ranks: Int?) throws -> (said: String, inspected: String) {
        let outcome = try bench.pretrain("run", ["train.steps=\(steps)"], ranks: ranks)
        try #require(outcome.exitCode == 0, "\(outcome.errorOutput)")
        let said = outcome.errorOutput.split(separator: "\n").first { $0.hasPrefix("bits ") }
        let inspected = try bench.runAnyCommand(["inspect", "\(bench.path)/run"]).output.split(separator: "\n")
          .first { $0.hasPrefix("bits: ") }
        return (String(try #require(said)), String(try #require(inspected)))
      }
      let equal = "equal on any power-of-two number of ranks that divides 4"
      let alone = try bits(2, ranks: nil)
      #expect(alone.said.contains(" \(equal)") && alone.inspected == "bits: those of one rank")
      let three = try bits(4, ranks: 3)
      #expect(three.said.contains("repeatable for 3 ranks"))
      for (steps, ranks) in [(6, 2), (8, nil)] as [(Int, Int?)] {
        let later = try bits(steps, ranks: ranks)
        #expect(
          later.said.contains(
            "not those of one rank: up to step \(steps - 2) ranks took part on whose number they depend; what follows is \(equal)"
          ),
          "\(later.said)")
        #expect(later.inspected == "bits: depend on the numbers of ranks that took the steps")
      }
    }

    @Test func saysWhetherBitsDependOnTheRanks() throws {
      let bench = try Workbench()
      let outcome = try bench.pretrain("two", ["train.steps=1"], ranks: 2)
      #expect(outcome.errorOutput.contains("equal on any power-of-two number of ranks that divides 4"))
    }
  }
}
