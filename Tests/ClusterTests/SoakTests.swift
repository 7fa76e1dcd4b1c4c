import Foundation
import MPILaunch
import Testing

extension ClusterSuite {
  /// launch/soak with few kills: one of each kind.
  @Suite(.serialized) struct SoakTests {
    private func soak(_ arguments: [String], environment: [String: String] = [:]) throws -> MPILaunch.Outcome {
      let seed = Int.random(in: 0..<1_000_000)
      print("launch/soak with seed \(seed)")
      return try MPILaunch.run(
        launcher("soak"), ["--mae", try mae(), "--ranks", "2", "--seed", "\(seed)"] + arguments, ranks: nil,
        environment: environment, deadlineSeconds: 240)
    }

    @Test func sixKillsCostNoBit() throws {
      let outcome = try soak(["--kills", "6"])
      #expect(outcome.exitCode == 0, "\(outcome.output) \(outcome.errorOutput)")
      for kind in ["rank", "mpirun", "job"] { #expect(outcome.output.contains("\(kind) killed 2 times")) }
      #expect(outcome.output.contains(/[1-6] of 6 kills hit a save/), "\(outcome.output)")
      #expect(outcome.output.contains("launch/soak: all bits are equal"))
    }

    /// A bit flips in each process once. Two ranks notice and go back; the run that is compared with has no other rank.
    @Test func aDifferenceOfOneBitIsNoticed() throws {
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent("soak-\(UUID().uuidString)").path
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let outcome = try soak(
        ["--kills", "0", "--folder", folder], environment: ["MAE_FAULT": "flip:step=8:rank=0:once"])
      #expect(outcome.exitCode == 1)
      #expect(outcome.errorOutput.contains("launch/soak: the bits differ; everything is in \(folder)"))
      #expect(try String(contentsOfFile: "\(folder)/output", encoding: .utf8).contains("differ from each other"))
    }

    @Test(arguments: [
      (["--kills"], "--kills needs a value"), (["--kills", "many"], "--kills is many, but must be a whole number"),
      (["--ranks", "1"], "--ranks is 1, but must be 2 or more"),
      (["--speed", "1"], "unknown option --speed; launch/soak --help lists all"),
    ]) func wrongUseGetsASentence(arguments: [String], sentence: String) throws {
      let outcome = try MPILaunch.run(launcher("soak"), arguments, ranks: nil)
      #expect(outcome.exitCode == 2)
      #expect(outcome.errorOutput == "launch/soak: \(sentence)\n")
    }
  }
}
