import Foundation
import Testing

extension ProgramTests {
  /// What pre-training looks at after epochs.
  @Suite struct EvaluationOfEpochs {
    /// The fields of the log's epochs that an evaluation gave, as they are written.
    private func evaluations(of run: String, _ bench: Workbench) throws -> [[String: String]] {
      let log = try String(contentsOfFile: "\(bench.path)/\(run)/log.jsonl", encoding: .utf8)
      let names = [
        "test_loss", "baseline_mean_loss", "baseline_interpolation_loss", "knn_top1", "logistic_top1", "rankme",
      ]
      return log.split(separator: "\n").filter { $0.contains("\"event\":\"epoch\"") }.map { line in
        Dictionary(
          uniqueKeysWithValues: names.compactMap { name in
            line.firstMatch(of: try! Regex("\"\(name)\":([-0-9.e]+)")).map { (name, String($0[1].substring!)) }
          })
      }
    }

    private func labelled(_ bench: Workbench) throws -> [String] {
      try bench.writeLabelled(count: 130, to: "train")
      try bench.writeLabelled(count: 60, to: "test", first: 1000)
      return [
        "train.epochs=4", "eval.every_epochs=2", "eval.test=\(bench.path)/test-images-idx3-ubyte",
        "eval.train=\(bench.path)/train-images-idx3-ubyte",
      ]
    }

    /// The run's bits are the same with it and without, and its own are on any ranks and threads.
    @Test func changesNothingAndIsTheSameEverywhere() throws {
      let bench = try Workbench()
      let settings = try labelled(bench)
      let without = try bench.train("without", ["train.epochs=4"])
      let alone = try bench.train("alone", settings)
      #expect(alone.checkpoint == without.checkpoint && alone.log.steps == without.log.steps)
      let values = try evaluations(of: "alone", bench)
      #expect(values.map(\.isEmpty) == [true, false, true, false])
      #expect(
        Set(values[1].keys)
          == ["test_loss", "baseline_mean_loss", "baseline_interpolation_loss", "knn_top1", "logistic_top1"])
      // What knowing nothing costs does not depend on the model; patches of 2 x 2 less their mean have three quarters.
      #expect(values[1]["baseline_mean_loss"] == values[3]["baseline_mean_loss"])
      let means = try #require(values[1]["baseline_mean_loss"].flatMap(Double.init))
      #expect(means > 0.70 && means <= 0.75)
      #expect(values[1]["test_loss"] != values[3]["test_loss"])
      for (run, more, ranks) in [
        ("threads", ["parallel.threads=3"], nil), ("two", [], 2), ("four", [], 4),
      ] as [(String, [String], Int?)] {
        let result = try bench.train(run, settings + more, ranks: ranks)
        #expect(result == alone, "\(run)")
        #expect(try evaluations(of: run, bench) == values, "\(run)")
      }
      let report = try String(contentsOfFile: "\(bench.path)/alone/report.html", encoding: .utf8)
      #expect(report.contains("k-NN top-1"))
    }

    /// Without labels the features' effective rank is taken; it may begin in the middle of a run, and end there.
    @Test func withoutLabelsAndFromTheMiddleOn() throws {
      let bench = try Workbench()
      let without = try bench.train("without", ["train.epochs=4", "train.precision=bf16"])
      try bench.train("run", ["train.epochs=4", "train.precision=bf16", "train.steps=7"])
      let test = "eval.test=\(bench.path)/images"
      let outcome = try bench.pretrain("run", ["train.epochs=4", "train.precision=bf16", test, "eval.every_epochs=1"])
      #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
      #expect(outcome.errorOutput.contains(", rankme ") && outcome.errorOutput.contains(" more to evaluate"))
      #expect(try bench.result(of: "run").checkpoint == without.checkpoint)
      let values = try evaluations(of: "run", bench)
      #expect(values.map { $0["rankme"] != nil } == [false, true, true, true])
      let rank = try #require(values.last?["rankme"].flatMap(Double.init))
      #expect(rank >= 1 && rank <= 32)
    }

    @Test func whatIsRefused() throws {
      let bench = try Workbench()
      try bench.writeLabelled(count: 60, to: "test")
      for (settings, sentence) in [
        (["eval.train=\(bench.path)/images"], "eval.test is empty"),
        (["eval.test=\(bench.path)/nowhere"], "nowhere"),
        (["eval.test=\(bench.path)/images", "eval.pool=patches"], "take cls or mean"),
        (
          ["eval.test=\(bench.path)/test-images-idx3-ubyte", "eval.train=\(bench.path)/images"],
          "images (an IDX file) has no labels"
        ),
      ] {
        let outcome = try bench.pretrain("run", ["train.steps=1"] + settings, ranks: 2)
        #expect(outcome.exitCode != 0 && outcome.errorOutput.contains(sentence), "\(outcome.errorOutput)")
        #expect(!FileManager.default.fileExists(atPath: "\(bench.path)/run/checkpoints"))
      }
    }
  }
}
