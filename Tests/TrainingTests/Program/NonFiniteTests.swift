import Datasets
import Foundation
import Testing

extension ProgramTests {
  /// A step that is not finite: the state before it is kept, what it began with is named, and all ranks end.
  @Suite struct NonFinite {
    private func sentence(_ errorOutput: String) throws -> String {
      let sentences = errorOutput.split(separator: "\n").filter { $0.hasPrefix("mae: ") }
      try #require(sentences.count == 1, "\(errorOutput)")
      return String(sentences[0])
    }

    /// The first update is so large that the second step overflows.
    @Test(arguments: [nil, 2]) func keepsTheStateBeforeIt(ranks: Int?) throws {
      let bench = try Workbench()
      let settings = ["train.base_learning_rate=1e30", "train.warmup_epochs=0"]
      let good = try bench.train("good", settings + ["train.steps=1"])
      let outcome = try bench.pretrain("run", settings, ranks: ranks)
      #expect(outcome.exitCode == 1)
      #expect(outcome.seconds < 10)
      let sentence = try sentence(outcome.errorOutput)
      #expect(sentence.contains("step 2 is not finite (loss "))
      #expect(sentence.contains("first seen in \(bench.path)/images#"))
      #expect(sentence.contains("Look closer with --debug"))
      #expect(try bench.result(of: "run") == good)
    }

    /// One image among black ones, so bright that it becomes infinite when it is divided by the deviation.
    private func writeOneBadImage(_ bench: Workbench, at index: Int) throws -> [String] {
      var numbers = [Float](repeating: 0, count: 80 * 144)
      for place in index * 144..<(index + 1) * 144 { numbers[place] = 1e30 }
      try bench.write(numpyFile([80, 12, 12], numbers), to: "one.npy")
      return ["data.path=\(bench.path)/one.npy", "data.mean=[0]", "data.std=[1e-9]"]
    }

    @Test(arguments: [1, 3, 4]) func debugModeNamesTheImage(threads: Int) throws {
      let bench = try Workbench()
      // In the last virtual worker of the second step.
      let sample = try BatchOrder(sampleCount: 80, batchSize: 16, seed: 0).sample(step: 1, index: 13)
      let settings = try writeOneBadImage(bench, at: sample) + ["parallel.threads=\(threads)"]
      let outcome = try bench.pretrain("run", settings, options: ["--debug"])
      #expect(outcome.exitCode == 1)
      let sentence = try sentence(outcome.errorOutput)
      #expect(sentence.contains("step 2 is not finite"), "\(sentence)")
      #expect(
        sentence.contains(
          "the first value that is not finite is in images of image 13 of the batch, sample \(sample) "
            + "(\(bench.path)/one.npy#\(sample));"), "\(sentence)")
    }

    /// Without debug mode the images of its virtual worker are named, and no others.
    @Test(arguments: [nil, 4]) func elseTheVirtualWorkersImagesAreNamed(ranks: Int?) throws {
      let bench = try Workbench()
      let order = try BatchOrder(sampleCount: 80, batchSize: 16, seed: 0)
      let settings = try writeOneBadImage(bench, at: order.sample(step: 1, index: 6))
      let outcome = try bench.pretrain("run", settings, ranks: ranks)
      #expect(outcome.exitCode == 1)
      let names = (4..<8).map { "\(bench.path)/one.npy#\(order.sample(step: 1, index: $0))" }
      #expect(try sentence(outcome.errorOutput).contains("first seen in \(names.joined(separator: ", "));"))
    }

    /// A weight that is no number: the first activation that it reaches is named, and so is the weight.
    @Test(arguments: [
      ("blocks.1.mlp.fc1.weight", "blocks.1.hidden"), ("decoder_blocks.0.attn.qkv.bias", "decoder_blocks.0.query"),
      ("decoder_pred.bias", "decoder_pred.gradient"), ("norm.weight", "norm"),
    ])
    func debugModeNamesTheLayer(parameter: String, activation: String) throws {
      let bench = try Workbench()
      try bench.train("good", ["train.steps=2"])
      let saved = try SavedState(of: "\(bench.path)/good")
      saved.parameters.base[try saved.range(of: parameter).lowerBound] = .nan
      try saved.save(to: "\(bench.path)/run")
      let before = try bench.inspect("run")
      let outcome = try bench.pretrain("run", ["train.steps=4"], options: ["--debug"])
      #expect(outcome.exitCode == 1)
      let sample = try BatchOrder(sampleCount: 80, batchSize: 16, seed: 0).sample(step: 2, index: 0)
      let sentence = try sentence(outcome.errorOutput)
      #expect(
        sentence.contains(
          "step 3 is not finite (loss nan, gradient norm nan): the first value that is not finite is in \(activation) of "
            + "image 0 of the batch, sample \(sample) (\(bench.path)/images#\(sample)), and the parameter \(parameter) "
            + "was not finite before the step;"), "\(sentence)")
      #expect(try bench.inspect("run") == before)
    }
  }
}
