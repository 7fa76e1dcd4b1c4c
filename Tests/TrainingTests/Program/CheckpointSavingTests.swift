import Foundation
import MPILaunch
import Testing

extension ProgramTests {
  /// Ranks that write parts of one checkpoint.
  @Suite struct CheckpointSaving {
    /// Floats for six pieces of checkpoints: more than the four ranks.
    private let settings = [
      "model.encoder.width=384", "model.encoder.depth=2", "model.decoder.width=128", "train.steps=3",
    ]

    private func checkpoint(of run: String, _ bench: Workbench) throws -> [String: Data] {
      try bench.contents(of: run).filter { $0.key.hasPrefix("checkpoints/") }
    }

    /// The manifest names sizes and hashes of state.json, which says how many ranks there were.
    @Test func leavesTheSameBytesWhateverTheNumberOfRanks() throws {
      let bench = try Workbench()
      try bench.train("alone", settings)
      let alone = try checkpoint(of: "alone", bench)
      let floats = ["model", "optimizer"].map { "checkpoints/step-00000003/\($0).safetensors" }
      #expect(floats.allSatisfy { alone[$0]!.count > 1 << 23 })
      for (ranks, more) in [(2, []), (4, []), (4, ["checkpoint.writers=3"]), (4, ["parallel.shard_optimizer=true"])] {
        let run = "ranks-\(ranks)-\(more)"
        try bench.train(run, settings + more, ranks: ranks)
        let together = try checkpoint(of: run, bench)
        #expect(Set(together.keys) == Set(alone.keys), "\(run)")
        for name in floats { #expect(together[name] == alone[name], "\(name) of \(run)") }
      }
    }

    /// A rank on whose host the path is another directory, or none, writes nothing, and nothing is missing.
    @Test(arguments: [false, true]) func isLeftToRanksThatSeeTheRunDirectory(exists: Bool) throws {
      let bench = try Workbench()
      let alone = try bench.train("alone", settings)
      if exists {
        try bench.write([], to: "elsewhere/checkpoints/none")
        try bench.write("process 1 on host somewhere\n01234567\n".utf8, to: "elsewhere/.lock")
      }
      let job = try bench.startUnequalRanks(
        bench.arguments("run", settings), bench.arguments("elsewhere", settings))
      let outcome = try job.wait(deadlineSeconds: 60)
      #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
      #expect(try bench.result(of: "run") == alone)
      let elsewhere = FileManager.default.enumerator(atPath: "\(bench.path)/elsewhere")?.allObjects as? [String] ?? []
      #expect(Set(elsewhere) == (exists ? [".lock", "checkpoints", "checkpoints/none"] : []))
    }

    @Test func isDoneByAsManyRanksAsMay() throws {
      let bench = try Workbench()
      func writers(_ ranks: Int?, _ more: [String] = []) throws -> [String: Int] {
        let outcome = try bench.runAnyCommand(
          ["bench", "checkpoint", "--json", "--config", "\(bench.path)/tiny.yaml", "--directory", bench.path]
            + (settings + more).flatMap { ["--set", $0] }, ranks: ranks)
        try #require(outcome.exitCode == 0, "\(outcome.errorOutput)")
        let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
        return ["ranks": object?["ranks"] as? Int ?? 0, "writers": object?["writers"] as? Int ?? 0]
      }
      #expect(try writers(nil) == ["ranks": 1, "writers": 1])
      #expect(try writers(4) == ["ranks": 4, "writers": 4])
      #expect(try writers(4, ["checkpoint.writers=3"]) == ["ranks": 4, "writers": 3])
      #expect(try writers(2, ["checkpoint.writers=8"]) == ["ranks": 2, "writers": 2])
    }
  }
}
