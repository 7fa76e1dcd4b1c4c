import Foundation
import MPILaunch
import Testing

extension ProgramTests {
  /// Whatever a run is, it is that for a task that is not pre-training: a linear classifier of labelled images.
  @Suite struct SecondTask {
    private func workbench() throws -> Workbench {
      let bench = try Workbench(command: "classify", configuration: classifierConfiguration)
      let labels = (0..<80).map { UInt8($0 % 4) }
      try bench.write(idxFile(images: labelledImages()), to: "labelled/train-images-idx3-ubyte")
      try bench.write([0, 0, 8, 1, 0, 0, 0, 80] + labels, to: "labelled/train-labels-idx1-ubyte")
      return bench
    }

    /// 80 images of 12 x 12 pixels, each with its own wave; the quarter whose number is the class is the brighter one.
    private func labelledImages() -> [[UInt8]] {
      greyImages(count: 80).enumerated().map { image, pixels in
        pixels.enumerated().map { pixel, value in
          let quarter = pixel / 72 * 2 + pixel % 12 / 6
          return value / 2 + (quarter == image % 4 ? 100 : 0)
        }
      }
    }

    private func settings(_ bench: Workbench, _ settings: [String] = []) -> [String] {
      ["data.path=\(bench.path)/labelled"] + settings
    }

    @Test func hasEqualBitsOnAnyThreadsAndRanks() throws {
      let bench = try workbench()
      let alone = try bench.train("alone", settings(bench))
      #expect(alone.checkpoint.step == 20)
      #expect(alone.log.steps.map(\.step) == Array(1...20))
      for ranks in [1, 2, 4] {
        #expect(try bench.train("ranks-\(ranks)", settings(bench), ranks: ranks) == alone, "\(ranks) ranks")
      }
      #expect(try bench.train("threads", settings(bench, ["parallel.threads=3"])) == alone)
      let sharded = try bench.train("sharded", settings(bench, ["parallel.shard_optimizer=true"]), ranks: 2)
      #expect(sharded == alone)
    }

    @Test(arguments: [nil, 2]) func goesOnWhereItWasKilled(ranks: Int?) throws {
      let bench = try workbench()
      let settings = settings(bench, ["checkpoint.every_steps=3", "train.epochs=100000"])
      let job = try bench.start("killed", settings, ranks: ranks)
      try bench.waitForStep(20, of: "killed", job)
      try job.send(SIGKILL, toRank: ranks == nil ? nil : 1)
      #expect(try job.wait(deadlineSeconds: 30).exitCode != 0)
      let last = try bench.log(of: "killed").lastStep + 10
      let resumed = try bench.pretrain("killed", settings + ["train.steps=\(last)"])
      #expect(resumed.errorOutput.contains("resumed after step"), "\(resumed.errorOutput)")
      #expect(try bench.train("whole", settings + ["train.steps=\(last)"]) == bench.result(of: "killed"))
    }

    @Test func learnsAndSaysSoEverywhere() throws {
      let bench = try workbench()
      let outcome = try bench.pretrain("run", settings(bench, ["train.epochs=40"]))
      #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
      let log = try bench.log(of: "run")
      let accuracies = log.steps.compactMap { Double($0.accuracy) }
      #expect(accuracies.count == 200)
      // Of 16 images, so sixteenths: exact sums, divided once.
      #expect(accuracies.allSatisfy { ($0 * 16).rounded() == $0 * 16 && (0...1).contains($0) })
      #expect(accuracies[0] < 0.5)
      #expect(accuracies.suffix(5).reduce(0, +) / 5 > 0.9)
      let last = try #require(log.epochs.last)
      #expect(Double(last.meanAccuracy) == accuracies.suffix(5).reduce(0, +) / 5)
      #expect(outcome.errorOutput.contains(/step 200\/200  epoch 40.00\/40  loss [0-9.]+  accuracy (0\.9|1\.0)/))
      #expect(outcome.errorOutput.contains(/epoch 40: mean loss [0-9.]+, mean accuracy/))
      let files = try FileManager.default.contentsOfDirectory(atPath: "\(bench.path)/run")
      let events = try #require(files.first { $0.hasPrefix("events.out.tfevents.") })
      let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(bench.path)/run/\(events)"))
      #expect(bytes.ranges(of: Data("accuracy".utf8)).count == 200)
    }

    @Test func refusesImagesThatItCannotLearnFrom() throws {
      let bench = try workbench()
      let unlabelled = try bench.pretrain("run", [])
      #expect(unlabelled.exitCode == 2)
      #expect(unlabelled.errorOutput.contains("are nothing for this run: they have no labels"))
      let others = try bench.pretrain("run", settings(bench, ["model.classes=7"]), ranks: 2)
      #expect(others.exitCode == 2)
      #expect(others.errorOutput.contains("they are of 4 classes, and model.classes is 7"))
      #expect(!FileManager.default.fileExists(atPath: "\(bench.path)/run"))
    }

    /// What one task has saved is nothing for the other: neither to go on from, nor to begin with, nor to look at.
    @Test(arguments: [nil, 2]) func refusesTheCheckpointsOfAnotherTask(ranks: Int?) throws {
      let classifying = try workbench()
      try classifying.train("run", settings(classifying, ["train.steps=2"]))
      let pretraining = try Workbench()
      let run = "\(classifying.path)/run"
      let sentence = "is a checkpoint of linear classification, and this is pretraining"
      for options in [["--resume", run], ["--init-from", run]] {
        let outcome = try pretraining.pretrain("other", ["train.steps=2"], options: options, ranks: ranks)
        #expect(outcome.exitCode == 2)
        #expect(outcome.errorOutput.contains(sentence), "\(outcome.errorOutput)")
      }
      let before = try classifying.contents(of: "run")
      let same = try pretraining.pretrain(run, ["train.steps=4"], ranks: ranks)
      #expect(same.exitCode == 2)
      #expect(same.errorOutput.contains(sentence))
      #expect(try classifying.contents(of: "run") == before)
      let embedding = try pretraining.runAnyCommand(
        ["export", "--checkpoint", run, "--format", "timm", "--output", "\(pretraining.path)/exported"])
      #expect(embedding.exitCode == 1)
      #expect(embedding.errorOutput.contains(sentence), "\(embedding.errorOutput)")
    }
  }
}

/// 64 values, 4 classes.
private let classifierConfiguration = """
  model:
    image_size: 8
    channels: 1
    classes: 4
  data:
    workers: 1
    mean: [0.5]
    std: [0.25]
  train:
    batch_size: 16
    epochs: 4
    base_learning_rate: 0.1
    warmup_epochs: 1
  parallel:
    virtual_workers: 4
    threads: 1
    blas_kernel: mae
  """
