import Foundation
import Testing

extension ProgramTests {
  /// Moments divided over the ranks: less memory, and every bit as without.
  @Suite struct ShardedOptimizer {
    /// 1.3 million parameters in two buckets: at four ranks each rank has parts of both, the last ones short.
    private let model = ["model.encoder.width=128", "model.encoder.depth=6"]
    private let sharded = ["parallel.shard_optimizer=true"]

    @Test func hasTheBitsOfOneRankThatOwnsAll() throws {
      let bench = try Workbench()
      let settings = model + ["train.steps=6"]
      let alone = try bench.train("alone", settings)
      #expect(alone.checkpoint.step == 6)
      for ranks in [1, 2, 4] {
        let result = try bench.train("sharded-\(ranks)", settings + sharded, ranks: ranks)
        #expect(result == alone, "\(ranks) ranks")
      }
      #expect(try bench.train("unsharded", settings, ranks: 2) == alone)
      let threads = try bench.train("threads", settings + sharded + ["parallel.threads=2"], ranks: 2)
      #expect(threads == alone, "2 ranks x 2 threads")
    }

    /// Ranks that own nothing, and a model so small that one rank owns all.
    @Test func worksOnThreeRanksAndForSmallModels() throws {
      let bench = try Workbench()
      let settings = model + ["train.steps=4"]
      let three = try bench.train("three", settings, ranks: 3)
      #expect(try bench.train("sharded", settings + sharded, ranks: 3) == three)
      let small = try bench.train("small", ["train.steps=4"])
      #expect(try bench.train("small-sharded", ["train.steps=4"] + sharded, ranks: 4) == small)
    }

    @Test func resumesWithAndWithoutAndOnOtherRanks() throws {
      let bench = try Workbench()
      let whole = try bench.train("whole", model + ["train.steps=12"])
      let parts = model + ["checkpoint.every_steps=2"]
      try bench.train("parts", parts + sharded + ["train.steps=3"], ranks: 4)
      try bench.train("parts", parts + ["train.steps=5"], ranks: 2)
      try bench.train("parts", parts + sharded + ["train.steps=7"], ranks: 2)
      try bench.train("parts", parts + ["train.steps=9"])
      #expect(try bench.train("parts", parts + sharded + ["train.steps=12"], ranks: 4) == whole)
    }

    @Test func gradientsMayCrossInBFloat16Too() throws {
      let bench = try Workbench()
      let settings = model + ["parallel.gradient_wire=bf16", "train.steps=5"]
      for ranks in [2, 4] {
        let unsharded = try bench.train("unsharded-\(ranks)", settings, ranks: ranks)
        #expect(try bench.train("sharded-\(ranks)", settings + sharded, ranks: ranks) == unsharded)
      }
    }

    /// Each rank rounds for its products the parameters that it has from others, too.
    @Test func hasTheBitsInMixedPrecisionToo() throws {
      let bench = try Workbench()
      let settings = model + ["train.precision=bf16", "train.steps=5"]
      let alone = try bench.train("alone", settings)
      #expect(try bench.train("sharded", settings + sharded, ranks: 2) == alone)
    }

    @Test func aStepThatIsNotFiniteIsLeftByAllRanks() throws {
      let bench = try Workbench()
      let settings = model + sharded + ["train.base_learning_rate=1e30", "train.warmup_epochs=0"]
      let good = try bench.train("good", settings + ["train.steps=1"])
      let outcome = try bench.pretrain("run", settings, ranks: 4)
      #expect(outcome.exitCode == 1)
      #expect(outcome.errorOutput.contains("step 2 is not finite (loss "), "\(outcome.errorOutput)")
      #expect(try bench.result(of: "run") == good)
    }

    /// A rank that differs is found, and all go back to moments that each rank reads its part of.
    @Test func goesBackToACheckpoint() throws {
      let bench = try Workbench()
      let settings = model + ["checkpoint.every_steps=2", "train.compare_every_steps=1", "train.steps=6"]
      let whole = try bench.train("whole", settings)
      let outcome = try bench.pretrain(
        "run", settings + sharded, ranks: 2, environment: ["MAE_FAULT": "flip:step=5:rank=1:once"])
      #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
      #expect(outcome.errorOutput.contains("going back to the last checkpoint"), "\(outcome.errorOutput)")
      #expect(try bench.result(of: "run").checkpoint == whole.checkpoint)
    }

    @Test func saysSo() throws {
      let bench = try Workbench()
      let outcome = try bench.pretrain("run", sharded + ["train.steps=1"], ranks: 2)
      #expect(outcome.errorOutput.contains("the optimiser's moments are divided among them"), "\(outcome.errorOutput)")
      #expect(outcome.errorOutput.contains("equal on any power-of-two number of ranks that divides 4"))
    }
  }
}
