import Datasets
import Testing

extension ProgramTests {
  /// A value that is not a number in the images of one rank at step 8: what each policy makes of it, on all ranks.
  @Suite struct NonFinitePolicies {
    private let settings = ["train.steps=20", "checkpoint.every_steps=1", "checkpoint.keep_last=30"]
    private func fault(ranks: Int?) -> String { "nan:step=8:rank=\(ranks.map { $0 - 1 } ?? 0)" }

    @Test(arguments: [nil, 2, 4]) func stopKeepsTheGoodStateAndNamesTheSamples(ranks: Int?) throws {
      let bench = try Workbench()
      let good = try bench.train("good", settings + ["train.steps=7"])
      let outcome = try bench.pretrain(
        "run", settings + ["checkpoint.every_steps=5"], ranks: ranks, environment: ["MAE_FAULT": fault(ranks: ranks)])
      #expect(outcome.exitCode == 1)
      let sentences = outcome.errorOutput.split(separator: "\n").filter { $0.hasPrefix("mae: ") }
      try #require(sentences.count == 1, "\(outcome.errorOutput)")
      // The images of all virtual workers of the last rank, and no others.
      let order = try BatchOrder(sampleCount: 80, batchSize: 16, seed: 0)
      let names = (16 - 16 / (ranks ?? 1)..<16).map { "\(bench.path)/images#\(order.sample(step: 7, index: $0))" }
      #expect(sentences[0].contains("step 8 is not finite (loss nan, gradient norm nan), first seen in "))
      #expect(sentences[0].contains("first seen in \(names.joined(separator: ", "));"), "\(sentences[0])")
      #expect(try bench.result(of: "run") == good)
      #expect(try bench.train("run", settings) == bench.train("good", settings), "it goes on without the fault")
    }

    @Test func skipLeavesTheStepOutOnAllRanks() throws {
      let bench = try Workbench()
      let policy = settings + ["train.non_finite=skip"]
      var results: [Inspection] = []
      for ranks in [nil, 2, 4] {
        let run = "run-\(ranks ?? 1)"
        let outcome = try bench.pretrain(run, policy, ranks: ranks, environment: ["MAE_FAULT": fault(ranks: ranks)])
        #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
        #expect(outcome.errorOutput.contains("step 8 is not finite (loss nan"))
        #expect(outcome.errorOutput.contains("; left the step out"))
        let (before, after) = (
          try bench.inspect("\(run)/checkpoints/step-00000007"), try bench.inspect("\(run)/checkpoints/step-00000008")
        )
        #expect(before.parameters == after.parameters && before.optimizer == after.optimizer)
        #expect(try bench.events("non_finite", of: run) == [8])
        results.append(try bench.inspect(run))
      }
      #expect(results[1] == results[0] && results[2] == results[0])
      #expect(results[0].step == 20)
      #expect(try bench.train("whole", settings).checkpoint.parameters != results[0].parameters)
    }

    /// Step 8 is in the second epoch of five. A resume in the middle of it reads what came before from the log.
    @Test func skipLeavesTheStepOutOfTheEpochsMean() throws {
      let bench = try Workbench()
      let policy = ["train.non_finite=skip"]
      for steps in [9, 10] {
        let outcome = try bench.pretrain(
          "run", policy + ["train.steps=\(steps)"], environment: ["MAE_FAULT": "nan:step=8:rank=0"])
        #expect(outcome.exitCode == 0)
      }
      let log = try bench.log(of: "run")
      #expect(log.epochs.map(\.epoch) == [1, 2])
      let losses = log.steps.filter { (6...10).contains($0.step) && $0.step != 8 }.compactMap { Double($0.loss) }
      try #require(losses.count == 4)
      #expect(Double(log.epochs[1].meanLoss) == losses.reduce(0, +) / 4)
    }

    @Test func anEpochOfWhichNoStepIsFiniteHasNoMean() throws {
      let bench = try Workbench()
      let faults = (1...5).map { "nan:step=\($0):rank=0" }.joined(separator: ",")
      let outcome = try bench.pretrain(
        "run", ["train.non_finite=skip", "train.steps=10"], environment: ["MAE_FAULT": faults])
      #expect(outcome.exitCode == 0)
      #expect(outcome.errorOutput.contains("epoch 1: no step was finite, so that it has no mean loss"))
      #expect(try bench.log(of: "run").epochs.map(\.epoch) == [2])
    }

    @Test(arguments: [nil, 2, 4]) func rollbackTakesAPassingFaultBack(ranks: Int?) throws {
      let bench = try Workbench()
      let policy = ["train.steps=20", "train.non_finite=rollback"]
      let whole = try bench.train("whole", policy)
      let outcome = try bench.pretrain(
        "run", policy, ranks: ranks, environment: ["MAE_FAULT": fault(ranks: ranks) + ":once"])
      #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
      #expect(outcome.errorOutput.contains("going back to the last checkpoint"))
      #expect(outcome.errorOutput.contains("resumed after step 5 from"))
      #expect(try bench.result(of: "run") == whole)
    }

    /// Before a run has a checkpoint of its own it goes back to what it began with.
    @Test(arguments: ["--resume", "--init-from"], [nil, 2]) func rollbackGoesBackToWhatTheRunBeganWith(
      option: String, ranks: Int?
    ) throws {
      let bench = try Workbench()
      let source = ["train.seed=7", "train.steps=3"]
      try bench.train("source", source)
      let policy = ["train.steps=6", "train.non_finite=rollback", "checkpoint.every_epochs=9"]
      let options = [option, "\(bench.path)/source", "--allow-recipe-change"]
      let whole = try bench.train("whole", policy, options: options)
      let outcome = try bench.pretrain(
        "run", policy, options: options, ranks: ranks, environment: ["MAE_FAULT": "nan:step=5:rank=0:once"])
      #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
      #expect(outcome.errorOutput.contains("; going back to what the run began with"))
      #expect(try bench.events("rollback", of: "run") == [option == "--resume" ? 3 : 0])
      #expect(try bench.result(of: "run") == whole)
    }

    @Test(arguments: [nil, 2]) func rollbackStopsWhereTheStepIsNotFiniteAgain(ranks: Int?) throws {
      let bench = try Workbench()
      let policy = ["train.steps=20", "train.non_finite=rollback"]
      let outcome = try bench.pretrain("run", policy, ranks: ranks, environment: ["MAE_FAULT": fault(ranks: ranks)])
      #expect(outcome.exitCode == 1)
      #expect(outcome.errorOutput.contains("resumed after step 5 from"))
      #expect(outcome.errorOutput.contains("\nmae: step 8 is not finite (loss nan"))
      #expect(try bench.inspect("run") == bench.train("good", ["train.steps=7"]).checkpoint)
    }
  }
}
