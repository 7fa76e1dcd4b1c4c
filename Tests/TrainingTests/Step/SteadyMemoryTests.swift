import MPILaunch
import Testing

extension ProgramTests {
  /// A step works in memory that was taken before the first: `step-check` (Tests/MPIPrograms) counts, in the program that
  /// trains.
  @Suite struct SteadyMemory {
    struct Case: CustomTestStringConvertible {
      let settings: [String]
      let ranks: Int?

      init(_ precision: String, _ recompute: String, threads: Int, ranks: Int?, _ optimizer: String = "whole") {
        settings = [precision, recompute, "\(threads)", optimizer]
        self.ranks = ranks
      }

      var testDescription: String { "\(settings.joined(separator: " ")), \(ranks ?? 0) ranks" }
    }

    /// On three threads the last round leaves some without work.
    private static let cases = [
      Case("fp32", "none", threads: 1, ranks: nil), Case("fp32", "block", threads: 3, ranks: nil),
      Case("bf16", "mlp", threads: 2, ranks: nil), Case("fp32", "none", threads: 2, ranks: 2),
      Case("bf16", "none", threads: 1, ranks: 2), Case("fp32", "none", threads: 1, ranks: 2, "sharded"),
    ]

    @Test(arguments: cases) func aStepAllocatesNothing(_ item: Case) throws {
      try check("allocations", item)
    }

    @Test(arguments: cases) func aStepMeetsNoNewPages(_ item: Case) throws {
      try check("faults", item)
    }

    private func check(_ name: String, _ item: Case) throws {
      let outcome = try MPILaunch.run(
        MPILaunch.builtProgram("step-check"), [name] + item.settings, ranks: item.ranks, deadlineSeconds: 60)
      #expect(outcome.exitCode == 0, "\(outcome.output) \(outcome.errorOutput)")
    }
  }
}
