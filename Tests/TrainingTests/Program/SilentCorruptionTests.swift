import Foundation
import Testing

extension ProgramTests {
  /// A bit that flips in the parameters of one rank, as a fault of its memory would have it.
  @Suite struct SilentCorruption {
    /// Where a bit flips, and what is to come of it.
    struct Case: Sendable {
      let ranks: Int
      /// Whose parameters, and after which step.
      let rank: Int
      let step: Int
      /// When they are compared next, and the checkpoint before.
      let foundAfter: Int
      let backTo: Int
    }

    /// Parameters are compared after every fifth step and before every checkpoint.
    private let settings = [
      "train.steps=20", "train.compare_every_steps=5", "checkpoint.every_epochs=null", "checkpoint.every_steps=6",
    ]

    @Test(arguments: [
      Case(ranks: 2, rank: 1, step: 8, foundAfter: 10, backTo: 6),
      Case(ranks: 4, rank: 3, step: 8, foundAfter: 10, backTo: 6),
      // The rank that writes checkpoints, when one is due: it must not be written.
      Case(ranks: 4, rank: 0, step: 12, foundAfter: 12, backTo: 6),
      // There is no checkpoint yet.
      Case(ranks: 2, rank: 0, step: 1, foundAfter: 5, backTo: 0),
    ])
    func isFoundNamedAndRolledBack(_ flip: Case) throws {
      let bench = try Workbench()
      let whole = try bench.train("whole", settings)
      let outcome = try bench.pretrain(
        "run", settings, ranks: flip.ranks, environment: ["MAE_FAULT": "flip:step=\(flip.step):rank=\(flip.rank):once"])
      #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
      // Of two that differ nobody can tell which is right.
      let named =
        flip.ranks == 2
        ? /after step (\d+) the parameters of rank 0 on \S+, rank 1 on \S+ differ from each other; going back/
        : /after step (\d+) the parameters of rank \d on \S+ differ from the other ranks'; going back/
      let sentence = try #require(outcome.errorOutput.firstMatch(of: named), "\(outcome.errorOutput)")
      #expect(sentence.1 == "\(flip.foundAfter)")
      #expect(flip.ranks == 2 || sentence.0.contains("the parameters of rank \(flip.rank) on "))
      #expect(outcome.errorOutput.contains("resumed after step \(flip.backTo) from") == (flip.backTo > 0))
      #expect(try bench.events("rollback", of: "run") == [flip.backTo])
      // It is said in the end too.
      let finding = "The run went back to a checkpoint once, to step \(flip.backTo): after step \(flip.foundAfter) the "
      #expect(outcome.errorOutput.contains(finding), "\(outcome.errorOutput)")
      #expect(try bench.result(of: "run") == whole)
    }

    @Test func isFoundBeforeTheFirstStep() throws {
      let bench = try Workbench()
      let outcome = try bench.pretrain(
        "run", settings, ranks: 2, environment: ["MAE_FAULT": "flip:step=0:rank=1:once"])
      #expect(outcome.exitCode == 1, "\(outcome.errorOutput)")
      #expect(
        outcome.errorOutput.contains("after step 0 the parameters of rank 0 on ")
          && outcome.errorOutput.contains("differ from each other"), "\(outcome.errorOutput)")
      #expect(try !FileManager.default.contentsOfDirectory(atPath: "\(bench.path)/run").contains("log.jsonl"))
    }

    /// A checkpoint that nothing else would have compared the parameters for.
    @Test(arguments: [2, 4]) func isNotSavedOnAStopRequest(ranks: Int) throws {
      let bench = try Workbench()
      let endless = ["train.epochs=100000", "train.compare_every_steps=100000", "checkpoint.every_epochs=null"]
      let job = try bench.start(
        "run", endless, ranks: ranks, environment: ["MAE_FAULT": "flip:step=2:rank=1:once"])
      try bench.waitForStep(6, of: "run", job)
      try job.send(SIGUSR1, toRank: 0)
      let outcome = try job.wait(deadlineSeconds: 20)
      #expect(outcome.exitCode == 75, "\(outcome.errorOutput)")
      #expect(
        outcome.errorOutput.contains(ranks == 2 ? "differ from each other; going back" : "the other ranks'; going back")
      )
      // It stops at the first step after going back.
      let whole = try bench.train("whole", endless + ["train.steps=1"])
      #expect(try bench.result(of: "run") == whole)
    }

    @Test func isNotSavedWhereAStepIsNotFinite() throws {
      let bench = try Workbench()
      let unchecked = ["train.compare_every_steps=100000", "checkpoint.every_epochs=null", "train.steps=9"]
      let whole = try bench.train("whole", unchecked)
      let outcome = try bench.pretrain(
        "run", unchecked, ranks: 2, environment: ["MAE_FAULT": "flip:step=2:rank=1:once,nan:step=6:rank=0:once"])
      #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
      #expect(try bench.events("rollback", of: "run") == [0])
      #expect(outcome.errorOutput.contains("after step 5 the parameters of"))
      #expect(try bench.result(of: "run") == whole)
    }

    @Test func isNotSavedWhereTooManyImagesAreBad() throws {
      let bench = try Workbench()
      try bench.writePNGs(to: "broken", broken: [3, 20, 30])
      let limited = [
        "data.path=\(bench.path)/broken", "data.max_bad_fraction=0.04", "train.compare_every_steps=100000",
        "checkpoint.every_epochs=null", "train.steps=8",
      ]
      let alone = try bench.pretrain("alone", limited)
      #expect(alone.exitCode == 1)
      let outcome = try bench.pretrain(
        "run", limited, ranks: 2, environment: ["MAE_FAULT": "flip:step=1:rank=1:once"])
      #expect(outcome.exitCode == 1)
      #expect(outcome.errorOutput.contains("differ from each other; going back"), "\(outcome.errorOutput)")
      #expect(outcome.errorOutput.contains("more than data.max_bad_fraction (0.04)"))
      #expect(try bench.inspect("run") == bench.inspect("alone"))
    }

    /// Nobody would know of it: the test above says something only if the flipped bit changes the result.
    @Test func changesTheResultOfARunThatComparesNothing() throws {
      let bench = try Workbench()
      let whole = try bench.train("whole", settings)
      let outcome = try bench.pretrain("run", settings, environment: ["MAE_FAULT": "flip:step=8:rank=0:once"])
      #expect(outcome.exitCode == 0)
      #expect(try bench.inspect("run").parameters != whole.checkpoint.parameters)
    }

    @Test func thatComesBackEndsTheRun() throws {
      let bench = try Workbench()
      let outcome = try bench.pretrain("run", settings, ranks: 4, environment: ["MAE_FAULT": "flip:step=8:rank=2"])
      #expect(outcome.exitCode == 1)
      let sentences = outcome.errorOutput.split(separator: "\n").filter { $0.hasPrefix("mae: ") }
      #expect(sentences.count == 1, "\(outcome.errorOutput)")
      #expect(sentences.first?.contains("after step 10 the parameters of rank 2 on ") == true)
      #expect(sentences.first?.contains("did so again after going back to a checkpoint") == true)
      #expect(try bench.inspect("run").step == 6)
    }
  }
}
