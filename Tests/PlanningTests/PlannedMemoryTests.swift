import Foundation
import MPILaunch
import Testing

/// The plan's memory against what a process that trains took in the end.
@Suite(.serialized, .timeLimit(.minutes(5))) struct PlannedMemoryTests {
  @Test(arguments: [
    ("tiny32", ["train.batch_size=64", "parallel.virtual_workers=4"]),
    ("tiny32", ["train.batch_size=64", "parallel.virtual_workers=2", "train.precision=bf16"]),
    ("vit_base", ["train.batch_size=4", "parallel.virtual_workers=2"]),
    ("vit_base", ["train.batch_size=4", "parallel.virtual_workers=2", "train.recompute=block"]),
  ]) func isWhatTheProgramTakes(configuration: String, settings: [String]) throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path
    let common =
      ["--config", "\(root)/configs/\(configuration).yaml", "--json"] + settings.flatMap { ["--set", $0] }
    let planned = try number(
      "memory_mb",
      ["plan", "--threads", "2", "--gemm-gflops", "100", "--memory-gigabytes", "10"] + common)
    let measured = try number(
      "peak_rss_mb", ["bench", "step", "--steps", "1", "--set", "parallel.threads=2"] + common)
    #expect(abs(planned / measured - 1) < 0.1, "planned \(planned) MB, measured \(measured) MB")
  }

  private func number(_ name: String, _ arguments: [String]) throws -> Double {
    let outcome = try MPILaunch.run(try MPILaunch.builtProgram("mae"), arguments, ranks: nil)
    try #require(outcome.exitCode == 0, "\(outcome.errorOutput)")
    let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
    return try #require(object?[name] as? Double)
  }
}
