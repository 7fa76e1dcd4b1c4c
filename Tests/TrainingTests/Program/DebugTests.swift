import Checkpoints
import Foundation
import MaskedAutoencoder
import Testing

extension ProgramTests {
  /// `--debug`: what it prints of a step that went well.
  @Suite struct Debug {
    @Test func printsTheParameterHashOfEachStep() throws {
      let bench = try Workbench()
      let settings = ["train.steps=4", "checkpoint.every_steps=1", "checkpoint.keep_last=9", "parallel.threads=2"]
      let outcome = try bench.pretrain("run", settings, options: ["--debug"])
      #expect(outcome.exitCode == 0)
      for step in 1...4 {
        let hash = try bench.inspect("run/checkpoints/step-0000000\(step)").parameters
        #expect(outcome.errorOutput.contains("step \(step): parameters \(hash)\n"))
      }
      #expect(try bench.train("plain", settings) == bench.result(of: "run"))
    }

    @Test func printsStatisticsOfEveryLayerAndGradient() throws {
      let bench = try Workbench()
      // Black images are (0 - 0.5) / 0.25 everywhere.
      try bench.write(idxFile(images: Array(repeating: Array(repeating: 0, count: 144), count: 80)), to: "black")
      let outcome = try bench.pretrain(
        "run", ["train.steps=2", "data.path=\(bench.path)/black"], options: ["--debug"])
      #expect(outcome.exitCode == 0)
      let table = try SavedState(of: "\(bench.path)/run").table
      let blocks = (0..<2).flatMap { ["blocks.\($0).attention", "decoder_blocks.\($0).hidden"] }
      for name in table.specs.map(\.name) + blocks + ["norm", "decoder_norm", "decoder_pred.gradient", "targets"] {
        let rows = rows(of: name, outcome.errorOutput)
        #expect(rows.count == 2, "\(name)")
        #expect(rows.allSatisfy(isPlausible), "\(name): \(rows)")
      }
      #expect(rows(of: "images", outcome.errorOutput) == [[-2, 0, -2, -2, 0], [-2, 0, -2, -2, 0]])
      // What is the same in all places has a deviation of exactly nothing; weights' gradients do not.
      #expect(rows(of: "blocks.0.attn.qkv.weight", outcome.errorOutput).allSatisfy { $0[1] > 0 })
    }

    /// The activations of the whole batch, whatever threads worked on which part.
    @Test func doesNotDependOnThreads() throws {
      let bench = try Workbench()
      let outputs = try [1, 2, 3].map { threads in
        try bench.pretrain(
          "threads-\(threads)", ["train.steps=3", "parallel.threads=\(threads)"], options: ["--debug"]
        ).errorOutput
      }
      let reports = outputs.map { output in output.split(separator: "\n").filter { $0.hasPrefix("  ") } }
      #expect(reports[0].count > 3 * 60)
      #expect(reports[1] == reports[0])
      #expect(reports[2] == reports[0])
      // One virtual worker has all of the batch before its eyes.
      let one = try bench.pretrain(
        "one", ["train.steps=3", "parallel.virtual_workers=1"], options: ["--debug"]
      ).errorOutput
      #expect(rows(of: "images", one).count == 3)
      #expect(rows(of: "images", one) == rows(of: "images", outputs[0]))
    }

    /// Values that are kept in bfloat16 are widened to be looked at. Memory that is given back is filled with NaN here, so
    /// that looking at it afterwards shows.
    @Test func looksAtWhatIsKeptInBFloat16() throws {
      let outcome = try Workbench().pretrain(
        "run", ["train.steps=1", "train.precision=bf16"], options: ["--debug"], environment: ["MALLOC_PERTURB_": "255"])
      #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
      for name in ["patches", "blocks.0.query", "blocks.1.hidden", "norm", "decoder_blocks.0.key_value"] {
        let rows = rows(of: name, outcome.errorOutput)
        #expect(rows.count == 1 && rows.allSatisfy(isPlausible), "\(name): \(rows)")
      }
    }

    /// All five numbers are there, every value is finite, and the mean lies between the least and the most.
    private func isPlausible(_ row: [Double]) -> Bool {
      guard row.count == 5 else { return false }
      return row[4] == 0 && row[1] >= 0 && row[2] <= row[0] && row[0] <= row[3]
    }

    /// Mean, deviation, least, most and the count of values that are not finite, of each row with that name.
    private func rows(of name: String, _ output: String) -> [[Double]] {
      let lines = output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
      return lines.filter { $0.count == 6 && $0[0] == name }.map { columns in columns[1...].compactMap(Double.init) }
    }
  }
}
