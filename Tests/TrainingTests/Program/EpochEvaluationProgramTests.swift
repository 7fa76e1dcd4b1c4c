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
          == [
            "test_loss", "baseline_mean_loss", "baseline_interpolation_loss", "knn_top1", "logistic_top1", "rankme",
          ])
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

    /// An IDX file of waves with the given labels: `name-images-idx3-ubyte`.
    private func write(_ labels: [UInt8], to name: String, _ bench: Workbench) throws {
      try bench.write(idxFile(images: greyImages(count: labels.count)), to: "\(name)-images-idx3-ubyte")
      try bench.write([0, 0, 8, 1, 0, 0, 0, UInt8(labels.count)] + labels, to: "\(name)-labels-idx1-ubyte")
    }

    /// What cannot be found out with these images is left out, said once, and the run goes on, also where it is resumed.
    @Test(arguments: [nil, 2]) func leavesOutWhatImagesAreTooFewFor(ranks: Int?) throws {
      let bench = try Workbench()
      func sets(_ train: String, _ test: String) -> [String] {
        [
          "train.epochs=2", "eval.every_epochs=1", "eval.train=\(bench.path)/\(train)-images-idx3-ubyte",
          "eval.test=\(bench.path)/\(test)-images-idx3-ubyte",
        ]
      }
      func run(_ name: String, _ settings: [String], _ sentence: String) throws -> [[String: String]] {
        for steps in [["train.steps=5"], []] {
          let outcome = try bench.pretrain(name, settings + steps, ranks: ranks)
          #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
          #expect(outcome.errorOutput.ranges(of: sentence).count == 1, "\(name): \(outcome.errorOutput)")
        }
        let values = try evaluations(of: name, bench)
        #expect(values.count == 2)
        return values
      }
      // Five classes of five images each: none can be held out.
      try write((0..<25).map { UInt8($0 % 5) }, to: "few", bench)
      try write((0..<20).map { UInt8($0 % 5) }, to: "test", bench)
      for epoch in try run("few", sets("few", "test"), "no class of eval.train has six images that are taken") {
        #expect(epoch["logistic_top1"] == nil && epoch["knn_top1"] != nil && epoch["rankme"] != nil)
      }
      for epoch in try run("alone", sets("few", "few"), "eval.train and eval.test are the same images") {
        #expect(epoch["logistic_top1"] == nil && epoch["knn_top1"] != nil)
      }
      // Every second image is taken: the only one of the last class is not.
      try write((0..<60).map { $0 == 1 ? 3 : UInt8($0 % 3) }, to: "tail", bench)
      try write((0..<30).map { $0 == 0 ? 3 : UInt8($0 % 3) }, to: "whole", bench)
      let tail = sets("tail", "whole") + ["eval.max_images=30"]
      for epoch in try run("tail", tail, "the images that eval.test has of the class 3: eval.max_images (30)") {
        #expect(epoch["logistic_top1"] != nil && epoch["knn_top1"] != nil)
      }
      // Where all images are taken, the class is one like others.
      let whole = try bench.pretrain("whole", sets("tail", "whole"), ranks: ranks)
      #expect(whole.exitCode == 0 && !whole.errorOutput.contains("of the class 3"), "\(whole.errorOutput)")
      // A choice of two that are alike tells nothing apart, which is said before the first step.
      let two = try bench.pretrain("two", sets("tail", "whole") + ["eval.max_images=2"], ranks: ranks)
      #expect(two.exitCode == 2)
      #expect(
        two.errorOutput.contains("all images that eval.max_images (2) takes of eval.train")
          && two.errorOutput.contains("are of the class \"0\""), "\(two.errorOutput)")
    }

    /// As many may be unusable as of the images that are trained on.
    @Test func tooManyUnusableImages() throws {
      let bench = try Workbench()
      try bench.writePNGs(to: "held", broken: [3, 12, 20, 25, 30])
      let settings = ["train.epochs=1", "eval.test=\(bench.path)/held"]
      let outcome = try bench.pretrain("run", settings, ranks: 2)
      #expect(outcome.exitCode == 1)
      #expect(
        outcome.errorOutput.contains(
          "5 of the 40 images to evaluate on, or more, cannot be used, and 0.1 of them may be left out; mae data check "
            + "names them: mend or remove them, or raise data.max_bad_fraction"),
        "\(outcome.errorOutput)")
      #expect(!outcome.errorOutput.contains("--max-bad-fraction"))
      let allowed = try bench.pretrain("run", settings + ["data.max_bad_fraction=0.125"], ranks: 2)
      #expect(allowed.exitCode == 0 && allowed.errorOutput.contains("left out of the evaluation"))
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
      let settings = ["train.epochs=4", "train.precision=bf16", test, "eval.every_epochs=1"]
      try bench.train("whole", settings)
      try bench.train("ranks", settings + ["parallel.threads=2"], ranks: 2)
      #expect(try evaluations(of: "whole", bench).dropFirst() == values.dropFirst())
      #expect(try evaluations(of: "ranks", bench) == evaluations(of: "whole", bench))
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
