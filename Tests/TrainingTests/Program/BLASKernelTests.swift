import Foundation
import Testing

extension ProgramTests {
  /// Whose kernels a run makes products with. Sandybridge multiplies and adds in two roundings, Haswell and our own in one.
  @Suite struct BLASKernels {
    private func kernel(of run: String, _ bench: Workbench) throws -> String {
      let line = try bench.runAnyCommand(["inspect", "\(bench.path)/\(run)"]).output.split(separator: "\n")
        .first { $0.hasPrefix("written by:") }
      let words = try #require(line?.split(separator: ", ").last).split(separator: " ")
      // "mae's own kernels", or "OpenBLAS's Haswell kernels".
      return words[0] == "mae's" ? "mae" : String(words[1])
    }

    private func forced(_ kernel: String) -> String { "parallel.blas_kernel=\(kernel)" }

    @Test func areThoseOfTheConfigurationAndHaveBitsOfTheirOwn() throws {
      let bench = try Workbench()
      let settings = ["train.steps=4"]
      let one = try bench.train("one", settings + [forced("Sandybridge")])
      let other = try bench.train("other", settings + [forced("Haswell")])
      #expect(try kernel(of: "one", bench) == "Sandybridge")
      #expect(try kernel(of: "other", bench) == "Haswell")
      #expect(one.checkpoint.parameters != other.checkpoint.parameters)
      #expect(try bench.train("ranks", settings + [forced("Haswell")], ranks: 2) == other)
    }

    /// OpenBLAS's and our own make the same products: twenty of up to 200 summands one behind another leave at most
    /// 20·200·2⁻²⁴ = 2.4e-4 between their results.
    @Test func ofOpenBLASAndOurOwnAgree() throws {
      let bench = try Workbench()
      let first = try ["Haswell", "mae"].map {
        try #require(try bench.train($0, ["train.steps=2", forced($0)]).log.steps.first)
      }
      for values in [first.map(\.loss), first.map(\.gradientNorm)] {
        let numbers = try values.map { try #require(Double($0)) }
        #expect(abs(numbers[1] / numbers[0] - 1) < 2.4e-4, "\(values)")
      }
    }

    @Test func thatAreNamedOverruleTheEnvironment() throws {
      let bench = try Workbench()
      for (setting, expected) in [(forced("Haswell"), "Haswell"), (forced("environment"), "Sandybridge")] {
        let outcome = try bench.pretrain(
          expected, ["train.steps=1", setting], environment: ["OPENBLAS_CORETYPE": "Sandybridge"])
        #expect(outcome.exitCode == 0)
        #expect(try kernel(of: expected, bench) == expected)
        #expect(
          outcome.errorOutput.contains(
            "OPENBLAS_CORETYPE asks for OpenBLAS's Sandybridge kernels; the run takes OpenBLAS's Haswell kernels")
            == (expected == "Haswell"))
      }
    }

    /// What a stopwatch finds reaches no bit unless it is asked to: nothing is measured for a run this short.
    @Test(arguments: [nil, 2]) func areOurOwnUnlessTheConfigurationSaysOtherwise(ranks: Int?) throws {
      let setting = "blas_kernel: mae"
      #expect(tinyConfiguration.contains(setting))
      let bench = try Workbench(configuration: tinyConfiguration.replacingOccurrences(of: setting, with: ""))
      let outcome = try bench.pretrain("run", ["train.steps=1"], ranks: ranks)
      #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
      #expect(outcome.errorOutput.contains("products by mae's own kernels (of the same bits on every CPU)\n"))
      #expect(try kernel(of: "run", bench) == "mae")
    }

    @Test func thatAreNotOurOwnBelongToAKindOfCPU() throws {
      let bench = try Workbench()
      for (kernel, belongs) in [("mae", false), ("Haswell", true)] {
        let outcome = try bench.pretrain(kernel, ["train.steps=1", forced(kernel)])
        #expect(outcome.errorOutput.contains("they belong to this kind of CPU") == belongs, "\(outcome.errorOutput)")
      }
    }

    /// Measured anew on every number of ranks, and the same each time.
    @Test func thatAreMeasuredAreTheSameOnAllRanks() throws {
      let bench = try Workbench()
      let settings = ["train.steps=4", forced("auto")]
      let environment = ["OPENBLAS_CORETYPE": "Nehalem"]
      for ranks in [1, 2, 4] {
        let outcome = try bench.pretrain("ranks-\(ranks)", settings, ranks: ranks, environment: environment)
        #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
        #expect(outcome.errorOutput.contains("(of one thread's GFLOP/s: "), "\(outcome.errorOutput)")
        #expect(try kernel(of: "ranks-\(ranks)", bench) == kernel(of: "ranks-1", bench))
        #expect(try bench.result(of: "ranks-\(ranks)") == bench.result(of: "ranks-1"))
      }
      #expect(try kernel(of: "ranks-1", bench) != "Nehalem")
    }

    @Test(arguments: [nil, 2]) func stayWhenARunResumes(ranks: Int?) throws {
      let bench = try Workbench()
      let whole = try bench.train("whole", ["train.steps=4", forced("Sandybridge")])
      try bench.train("run", ["train.steps=2", forced("Sandybridge")])
      let outcome = try bench.pretrain("run", ["train.steps=4", forced("auto")], ranks: ranks)
      #expect(
        outcome.errorOutput.contains("products by OpenBLAS's Sandybridge kernels (as in the checkpoint)"),
        "\(outcome.errorOutput)")
      #expect(!outcome.errorOutput.contains("bits will differ"))
      #expect(try bench.result(of: "run") == whole)
    }

    @Test func thatAResumeChangesAreWarnedOf() throws {
      let bench = try Workbench()
      try bench.train("run", ["train.steps=2", forced("Sandybridge")])
      let outcome = try bench.pretrain("run", ["train.steps=4", forced("Haswell")])
      #expect(outcome.exitCode == 0)
      #expect(
        outcome.errorOutput.contains(
          "warning: the checkpoint was made with OpenBLAS's Sandybridge kernels, and this run takes OpenBLAS's Haswell kernels"
        ))
      #expect(outcome.errorOutput.contains("bits will differ"))
      #expect(try kernel(of: "run", bench) == "Haswell")
    }

    /// Made on a CPU that this one is not: no x86-64 has kernels of this name.
    @Test func thatThisMachineLacksAreWarnedOf() throws {
      let bench = try Workbench()
      try bench.train("elsewhere", ["train.steps=2"])
      let saved = try SavedState(of: "\(bench.path)/elsewhere")
      saved.state.blasKernel = "neoversen1"
      try saved.save(to: "\(bench.path)/run")
      let outcome = try bench.pretrain("run", ["train.steps=4", forced("auto")])
      #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
      #expect(
        outcome.errorOutput.contains(
          "warning: the checkpoint was made with OpenBLAS's neoversen1 kernels, and this run"))
      #expect(try kernel(of: "run", bench) != "neoversen1")
    }

    /// There is nothing to choose, and what made the products is kept and compared.
    @Test func ofBFloat16AreNotMeasured() throws {
      let bench = try Workbench()
      let settings = ["train.precision=bf16", "train.steps=2", forced("auto")]
      // Without AVX-512 oneDNN has no product, on whatever CPU this runs.
      let outcome = try bench.pretrain("run", settings, environment: ["ONEDNN_MAX_CPU_ISA": "AVX2"])
      #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
      #expect(!outcome.errorOutput.contains("GFLOP/s"))
      #expect(try kernel(of: "run", bench) == "mae")
      let saved = try SavedState(of: "\(bench.path)/run")
      saved.state.blasKernel = "oneDNN avx512_core_bf16"
      try saved.save(to: "\(bench.path)/elsewhere")
      let resumed = try bench.pretrain(
        "elsewhere", ["train.steps=4"] + settings.filter { !$0.hasPrefix("train.steps") },
        environment: ["ONEDNN_MAX_CPU_ISA": "AVX2"])
      #expect(
        resumed.errorOutput.contains(
          "the checkpoint was made with oneDNN's avx512_core_bf16 kernels, and this run takes mae's own kernels"),
        "\(resumed.errorOutput)")
    }

    @Test func ofUnknownNamesAreRefusedWithTheNamesThereAre() throws {
      let bench = try Workbench()
      let outcome = try bench.pretrain("run", [forced("Haswel")])
      #expect(outcome.exitCode == 2)
      #expect(
        outcome.errorOutput.contains(
          "parallel.blas_kernel must be auto, environment, mae, or one of OpenBLAS's kernels Nehalem, Sandybridge, Haswell,"
        ),
        "\(outcome.errorOutput)")
    }
  }
}
