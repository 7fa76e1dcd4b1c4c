import Testing

extension ProgramTests {
  /// Gradients that cross between ranks as BFloat16.
  @Suite struct GradientWire {
    private let wire = ["parallel.gradient_wire=bf16"]

    @Test func isRepeatableForANumberOfRanks() throws {
      let bench = try Workbench()
      let settings = wire + ["train.steps=20"]
      let exact = try bench.train("exact", ["train.steps=20"])
      // Nothing crosses: what one rank does is not changed.
      #expect(try bench.train("alone", settings) == exact)
      let results = try [2, 4].map { ranks in
        let once = try bench.train("once-\(ranks)", settings, ranks: ranks)
        #expect(try bench.train("again-\(ranks)", settings + ["parallel.threads=2"], ranks: ranks) == once)
        #expect(once.log.steps.map(\.step) == Array(1...20))
        #expect(once.log.steps.first?.loss == exact.log.steps.first?.loss)
        return once
      }
      let all = [exact] + results
      #expect(Set(all.map(\.checkpoint.parameters)).count == 3)
      #expect(Set(all.map(\.checkpoint.optimizer)).count == 3)
    }

    @Test func resumesInTheSameBitsOnAsManyRanksAndSaysOtherwise() throws {
      let bench = try Workbench()
      let whole = try bench.train("whole", wire + ["train.steps=12"], ranks: 2)
      try bench.train("parts", wire + ["train.steps=7"], ranks: 2)
      let same = try bench.pretrain("parts", wire + ["train.steps=12"], ranks: 2)
      #expect(!same.errorOutput.contains("bits depend on that number"), "\(same.errorOutput)")
      #expect(try bench.result(of: "parts") == whole)
      let other = try bench.pretrain("parts", wire + ["train.steps=14"], ranks: 4)
      #expect(other.exitCode == 0)
      #expect(other.errorOutput.contains("was made on 2 ranks and is resumed on 4"), "\(other.errorOutput)")
    }

    @Test func isPartOfTheRecipe() throws {
      let bench = try Workbench()
      try bench.train("run", ["train.steps=3"], ranks: 2)
      let before = try bench.contents(of: "run")
      let refused = try bench.pretrain("run", wire + ["train.steps=6"], ranks: 2)
      #expect(refused.exitCode == 2)
      #expect(refused.errorOutput.contains("parallel.gradient_wire: fp32 -> bf16"), "\(refused.errorOutput)")
      #expect(try bench.contents(of: "run") == before)
    }

    @Test func saysWhatItDoesToTheBits() throws {
      let bench = try Workbench()
      let outcome = try bench.pretrain("run", wire + ["train.steps=1"], ranks: 2)
      #expect(
        outcome.errorOutput.contains(
          "repeatable for 2 ranks, but depend on that number: gradients cross between ranks as bf16"),
        "\(outcome.errorOutput)")
    }
  }
}
