import Checkpoints
import Foundation
import Imaging
import MPILaunch
import Testing
import VisionTransformer

extension ProgramTests {
  /// Whatever a run is, it is that for a task that is not pre-training: a classifier of labelled images.
  @Suite struct SecondTask {
    private func workbench() throws -> Workbench {
      let bench = try Workbench(command: "finetune", configuration: classifierConfiguration)
      let labels = (0..<80).map { UInt8($0 % 4) }
      try bench.write(idxFile(images: labelledImages()), to: "labelled/train-images-idx3-ubyte")
      try bench.write([0, 0, 8, 1, 0, 0, 0, 80] + labels, to: "labelled/train-labels-idx1-ubyte")
      try bench.write(idxFile(images: Array(labelledImages()[..<24])), to: "held-out/test-images-idx3-ubyte")
      try bench.write([0, 0, 8, 1, 0, 0, 0, 24] + labels[..<24], to: "held-out/test-labels-idx1-ubyte")
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
      ["data.path=\(bench.path)/labelled", "validation.path=\(bench.path)/held-out"] + settings
    }

    @Test func hasEqualBitsOnAnyThreadsAndRanks() throws {
      let bench = try workbench()
      let alone = try bench.train("alone", settings(bench))
      #expect(alone.checkpoint.step == 20)
      #expect(alone.log.steps.map(\.step) == Array(1...20))
      let reports = try bench.contents(of: "alone/evaluation")
      #expect(
        reports.keys.contains("validation-best/confusion.png") && reports.keys.contains("validation-last/result.json"))
      for ranks in [1, 2, 4] {
        #expect(try bench.train("ranks-\(ranks)", settings(bench), ranks: ranks) == alone, "\(ranks) ranks")
        #expect(try bench.contents(of: "ranks-\(ranks)/evaluation") == reports, "\(ranks) ranks")
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

    /// From another task's encoder, with all that is random: whole, its last half block alone, and as a linear probe, for
    /// which all images of a step know of one another.
    @Test(arguments: [
      [], ["finetune.trained_blocks=0.5"],
      [
        "finetune.trained_blocks=0", "finetune.batch_norm=true", "model.pool=cls", "train.optimizer=lars",
        "train.weight_decay=0", "parallel.threads=2",
      ],
    ]) func fineTunesWhatWasPretrained(kind: [String]) throws {
      let pretraining = try Workbench()
      try pretraining.train("encoder", ["train.steps=6", "model.encoder={width: 16, depth: 2, heads: 2}"])
      let bench = try workbench()
      let begin = ["--init-from", "\(pretraining.path)/encoder"]
      let settings = settings(bench, kind + ["train.epochs=2"])
      let outcome = try bench.pretrain("whole", settings, options: begin)
      #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
      #expect(outcome.errorOutput.contains(/head\.weight, head\.bias.* begin anew/), "\(outcome.errorOutput)")
      let whole = try bench.result(of: "whole")
      #expect(whole.log.epochs.map(\.validationLoss).allSatisfy { $0 != "missing" })
      for ranks in [2, 4] {
        #expect(try bench.train("ranks-\(ranks)", settings, options: begin, ranks: ranks) == whole, "\(ranks) ranks")
      }
      try bench.train("parts", settings + ["train.steps=7"], options: begin)
      #expect(try bench.train("parts", settings, options: begin) == whole)
      let scratch = try bench.train("scratch", settings)
      #expect(scratch.checkpoint.parameters != whole.checkpoint.parameters)
    }

    /// At another size the table that the encoder has learned with is stretched, and a run that goes on has the same.
    @Test func stretchesThePositionsOfAnotherSize() throws {
      let pretraining = try Workbench()
      try pretraining.train("encoder", ["train.steps=6", "model.encoder={width: 16, depth: 2, heads: 2}"])
      let bench = try workbench()
      let begin = ["--init-from", "\(pretraining.path)/encoder"]
      let large = settings(bench, ["model.image_size=12", "train.epochs=2"])
      let whole = try bench.train("whole", large, options: begin)
      let (old, new) = (GridSize(height: 4, width: 4), GridSize(height: 6, width: 6))
      let table = sineCosinePositions(grid: old, width: 16)
      let stretched =
        Array(table[..<16]) + interpolateBicubic(Array(table[16...]), width: 16, from: old, to: new)
      try #require(stretched != sineCosinePositions(grid: new, width: 16))
      func positions(_ run: String, patches: Int) throws -> [Float]? {
        try Checkpoint.open("\(bench.path)/\(run)").readConstant("pos_embed", shape: [1, 1 + patches, 16])
      }
      #expect(try positions("whole", patches: 36) == stretched)
      try bench.train("parts", large + ["train.steps=7"], options: begin)
      #expect(try bench.train("parts", large, options: begin) == whole)
      // A classifier hands its own table on.
      let again = ["--init-from", "\(bench.path)/whole"]
      try bench.train("again", large + ["train.steps=1"], options: again)
      #expect(try positions("again", patches: 36) == stretched)
      try bench.train("small", settings(bench, ["train.steps=1"]), options: again)
      let shrunk = Array(table[..<16]) + interpolateBicubic(Array(stretched[16...]), width: 16, from: new, to: old)
      #expect(try positions("small", patches: 16) == shrunk)
      // At its own size it is the sine-cosine table, which the configuration gives.
      try bench.train("same", settings(bench, ["train.steps=1"]), options: begin)
      #expect(try positions("same", patches: 16) == nil)
      // What was trained at one size is tried at another as it would begin there: the first step's learning rate is 0.
      try bench.train("larger", large + ["train.steps=1"], options: ["--init-from", "\(bench.path)/same"])
      func loss(_ run: String) throws -> Double {
        let outcome = try bench.pretrain(
          run, large, options: ["--eval", "--json", "--output", "\(bench.path)/judged"])
        #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
        let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
        return try #require((object?["facts"] as? [String: Any])?["loss"] as? Double)
      }
      #expect(try loss("same") == loss("larger"))
      let changed = try bench.pretrain("same", large + ["train.steps=2"], options: begin + ["--allow-recipe-change"])
      #expect(changed.exitCode == 0, "\(changed.errorOutput)")
      #expect(try positions("same", patches: 36) == stretched)
    }

    /// Two folders with 20 images of a class each, to be trained on together, and a folder with some of both.
    private func writeTwoClasses(
      _ names: (String, String) = ("ant", "bee"), to folder: String, _ bench: Workbench
    ) throws {
      for (index, pixels) in labelledImages().enumerated() where index % 4 < 2 {
        let (part, name) = index % 4 == 0 ? ("one", names.0) : ("two", names.1)
        for place in ["\(folder)/\(part)/\(name)/\(index).png", "\(folder)/tried/\(name)/\(index).png"] {
          try bench.write([], to: place)
          try Image(width: 12, height: 12, channels: 1, pixels: pixels).writePNG(to: "\(bench.path)/\(place)")
        }
      }
    }

    private func twoClasses(_ parts: [String], of folder: String, _ bench: Workbench) -> [String] {
      let paths = parts.map { "\(bench.path)/\(folder)/\($0)" }.joined(separator: ", ")
      return ["model.classes=2", "validation.path=\(bench.path)/\(folder)/tried", "data.path=[\(paths)]"] + plainly
    }

    /// The classes of a checkpoint are its own: which training images there are now, and in which order, changes nothing.
    @Test func judgesByTheClassesThatWereLearned() throws {
      let bench = try workbench()
      try writeTwoClasses(to: "data", bench)
      try bench.train("run", twoClasses(["one", "two"], of: "data", bench))
      func judged(_ settings: [String], ranks: Int? = nil) throws -> String {
        let outcome = try bench.pretrain(
          "run", settings, options: ["--eval", "--json", "--output", "\(bench.path)/judged"], ranks: ranks)
        #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
        return outcome.output
      }
      let expected = try judged(twoClasses(["one", "two"], of: "data", bench))
      let object = try JSONSerialization.jsonObject(with: Data(expected.utf8)) as? [String: Any]
      let report = try #require((object?["results"] as? [[String: Any]])?.first?["report"] as? [String: Any])
      let last = try #require(try bench.log(of: "run").epochs.last)
      #expect(report["top1"] as? Double == Double(last.validationAccuracy))
      #expect(try judged(twoClasses(["two", "one"], of: "data", bench)) == expected)
      #expect(try judged(twoClasses(["nowhere"], of: "data", bench), ranks: 2) == expected)
      // A class of another name is none that was learned.
      try FileManager.default.moveItem(
        atPath: "\(bench.path)/data/tried/ant", toPath: "\(bench.path)/data/tried/wasp")
      let renamed = try bench.pretrain("run", twoClasses(["one", "two"], of: "data", bench), options: ["--eval"])
      #expect(renamed.exitCode == 2)
      #expect(
        renamed.errorOutput.contains("have a class that the training images lack, such as wasp"),
        "\(renamed.errorOutput)")
    }

    /// A head goes on with the classes that it was made for, and no others.
    @Test func aHeadOfOtherClassesBeginsAnew() throws {
      let bench = try workbench()
      try writeTwoClasses(to: "data", bench)
      try writeTwoClasses(("cow", "dog"), to: "other", bench)
      let step = ["train.steps=1"]
      try bench.train("first", twoClasses(["one", "two"], of: "data", bench) + step)
      let begin = ["--init-from", "\(bench.path)/first"]
      for (settings, isSame) in [
        (twoClasses(["one", "two"], of: "data", bench), true), (twoClasses(["two", "one"], of: "data", bench), false),
        (twoClasses(["one", "two"], of: "other", bench), false),
      ] {
        let outcome = try bench.pretrain(UUID().uuidString, settings + step, options: begin, ranks: 2)
        #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
        let said =
          isSame
          ? "began with the weights"
          : "; head.weight, head.bias begin anew, as the checkpoint's classes are others, or in another order"
        #expect(outcome.errorOutput.contains(said), "\(outcome.errorOutput)")
        #expect(outcome.errorOutput.contains("begin anew") != isSame)
      }
      let dry = try bench.pretrain(
        "dry", twoClasses(["one", "two"], of: "other", bench) + step, options: begin + ["--dry-run"])
      #expect(dry.exitCode == 0, "\(dry.errorOutput)")
    }

    /// A probe's batch normalisation becomes part of its head, for who takes it over and for a run that begins with it; its
    /// encoder's features are those of the run that it began with.
    @Test func handsAProbeOn() throws {
      let pretraining = try Workbench()
      try pretraining.train("encoder", ["train.steps=6", "model.encoder={width: 16, depth: 2, heads: 2}"])
      let encoder = "\(pretraining.path)/encoder"
      let bench = try workbench()
      let cls = settings(bench, ["model.pool=cls"])
      let probe =
        cls + [
          "finetune.trained_blocks=0", "finetune.batch_norm=true", "train.optimizer=lars", "train.weight_decay=0",
          "train.base_learning_rate=100", "train.epochs=8",
        ]
      #expect(try bench.pretrain("probe", probe, options: ["--init-from", encoder]).exitCode == 0)
      func loss(_ run: String, _ settings: [String], _ options: [String] = []) throws -> Double {
        let options = ["--eval", "--json", "--output", "\(bench.path)/\(UUID().uuidString)"] + options
        let outcome = try bench.pretrain(run, settings, options: options)
        try #require(outcome.exitCode == 0, "\(outcome.errorOutput)")
        let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
        return try #require((object?["facts"] as? [String: Any])?["loss"] as? Double)
      }
      let expected = try loss("probe", probe)
      // A head that says nothing has the logarithm of the number of classes.
      #expect(abs(expected - log(4)) > 0.01)
      // The learning rate of the first step is 0.
      let begin = try bench.pretrain(
        "begun", cls + ["train.steps=1"], options: ["--init-from", "\(bench.path)/probe"])
      #expect(begin.exitCode == 0)
      #expect(begin.errorOutput.contains("; the probe's batch normalisation is part of the head now"))
      let begun = try loss("begun", cls)
      #expect(abs(begun - expected) < 1e-5 * expected, "\(begun) \(expected)")

      func command(_ words: String...) throws -> MPILaunch.Outcome { try bench.runAnyCommand(words) }
      let exported = try command(
        "export", "--checkpoint", "\(bench.path)/probe", "--format", "timm", "--output", "\(bench.path)/timm")
      #expect(exported.exitCode == 0, "\(exported.errorOutput)")
      let card = try String(contentsOfFile: "\(bench.path)/timm/README.md", encoding: .utf8)
      #expect(
        card.contains("is part of the head's weights here") && card.contains("batch_norm: true")
          && card.contains("trained_blocks: 0"))
      let imported = try command(
        "import", "--classifier", "--from", "\(bench.path)/timm", "--output", "\(bench.path)/back")
      #expect(imported.exitCode == 0, "\(imported.errorOutput)")
      let back = try loss("again", cls, ["--init-from", "\(bench.path)/back"])
      #expect(abs(back - expected) < 1e-5 * expected, "\(back) \(expected)")

      let expectedFeatures = try features(bench, encoder)
      #expect(try features(bench, "probe") == expectedFeatures)
      #expect(try features(bench, "probe", ranks: 2) == expectedFeatures)
      // Of a classifier images are cut as where it is tried.
      #expect(try features(bench, "probe", crop: []) == expectedFeatures)
      #expect(try features(bench, encoder, crop: []) != expectedFeatures)
      let half = cls + ["finetune.trained_blocks=0.5", "train.steps=1"]
      #expect(try bench.pretrain("half", half, options: ["--init-from", encoder]).exitCode == 0)
      #expect(try features(bench, "half") == expectedFeatures)
      let neighbours = try command(
        "knn", "--checkpoint", "\(bench.path)/probe", "-k", "3", "--baselines", "--train", "\(bench.path)/labelled",
        "--test", "\(bench.path)/held-out")
      #expect(
        neighbours.exitCode == 0 && neighbours.output.contains("k-NN (k 3): encoder "), "\(neighbours.errorOutput)")
      #expect(neighbours.output.contains("pool: cls"), "\(neighbours.output)")
    }

    /// The features of the held-out images, by a run of the workbench or another.
    private func features(
      _ bench: Workbench, _ run: String, _ options: [String] = [], crop: [String] = ["--crop-fraction", "1"],
      ranks: Int? = nil
    ) throws -> Data {
      let path = "\(bench.path)/\(UUID().uuidString).npy"
      let checkpoint = run.hasPrefix("/") ? run : "\(bench.path)/\(run)"
      let outcome = try bench.runAnyCommand(
        ["embed", "--checkpoint", checkpoint, "--data", "\(bench.path)/held-out", "--output", path] + options + crop,
        ranks: ranks)
      try #require(outcome.exitCode == 0, "\(outcome.errorOutput)")
      return try Data(contentsOf: URL(filePath: path))
    }

    /// A head goes on where it takes the features that it was made for, and begins anew where it does not.
    @Test func takesAHeadOverForItsOwnFeatures() throws {
      let bench = try workbench()
      let (cls, mean) = (settings(bench, ["model.pool=cls", "train.steps=1"]), settings(bench, ["train.steps=1"]))
      let probe = ["finetune.trained_blocks=0", "finetune.batch_norm=true", "train.optimizer=lars"]
      try bench.train("cls", cls)
      try bench.train("mean", mean)
      try bench.train("probe", cls + probe)
      for (first, settings, kept) in [
        ("cls", cls, nil), ("mean", mean, nil), ("probe", cls + probe, nil),
        ("cls", mean, "fc_norm.weight, fc_norm.bias, head.weight, head.bias begin anew"),
        ("mean", cls, "norm.weight, norm.bias, head.weight, head.bias begin anew"),
        ("probe", mean, "fc_norm.weight, fc_norm.bias, head.weight, head.bias begin anew"),
        (
          "mean", cls + ["finetune.trained_blocks=0"], "norm.weight, norm.bias, head.weight, head.bias begin anew"
        ),
        ("cls", cls + probe, "head.weight, head.bias, head_norm.running_mean, head_norm.running_var begin anew"),
      ] as [(String, [String], String?)] {
        let outcome = try bench.pretrain(
          UUID().uuidString, settings, options: ["--init-from", "\(bench.path)/\(first)"])
        #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
        if let kept {
          #expect(outcome.errorOutput.contains("; \(kept)"), "\(outcome.errorOutput)")
        } else {
          #expect(!outcome.errorOutput.contains("begin anew"), "\(outcome.errorOutput)")
        }
        #expect(!outcome.errorOutput.contains("is part of the head now"))
      }
      // What is frozen is a run's own as much as what is trained: another pooling's would only look like it.
      let head = ["finetune.trained_blocks=0"]
      try bench.train("head", mean + head)
      for options in [["--eval"], ["--allow-recipe-change"]] {
        let other = try bench.pretrain("head", cls + head + ["train.steps=2"], options: options)
        #expect(
          other.exitCode == 1 && other.errorOutput.contains("is the checkpoint of another model"),
          "\(other.errorOutput)")
      }
    }

    /// The moving average of the weights is a part of the run's state: on any ranks and threads, and killed and resumed, it has
    /// the same bits, and the weights have those that they have without it.
    @Test(arguments: ["fp32", "bf16"]) func averagesItsWeights(precision: String) throws {
      let bench = try workbench()
      let precision = "train.precision=\(precision)"
      let average = ["finetune.ema_decay=0.75", precision]
      let alone = try bench.train("alone", settings(bench, average))
      let without = try bench.train("without", settings(bench, [precision]))
      #expect(alone.checkpoint.parameters == without.checkpoint.parameters)
      #expect(alone.checkpoint.optimizer != without.checkpoint.optimizer)
      for (name, more, ranks) in [
        ("two", [], 2), ("four", [], 4), ("threads", ["parallel.threads=3"], nil),
        ("sharded", ["parallel.shard_optimizer=true"], 2),
      ] as [(String, [String], Int?)] {
        #expect(try bench.train(name, settings(bench, average + more), ranks: ranks) == alone, "\(name)")
        #expect(try bench.contents(of: "\(name)/evaluation") == bench.contents(of: "alone/evaluation"), "\(name)")
      }
      let often = settings(bench, average + ["checkpoint.every_steps=3", "train.epochs=100000"])
      let job = try bench.start("killed", often, ranks: 2)
      try bench.waitForStep(20, of: "killed", job)
      try job.send(SIGKILL, toRank: 1)
      #expect(try job.wait(deadlineSeconds: 30).exitCode != 0)
      let last = try bench.log(of: "killed").lastStep + 10
      #expect(try bench.pretrain("killed", often + ["train.steps=\(last)"]).errorOutput.contains("resumed after step"))
      #expect(try bench.train("whole", often + ["train.steps=\(last)"]) == bench.result(of: "killed"))
    }

    /// It begins with the weights that the run begins with, is validated beside them, tells the best checkpoint, and can be handed
    /// on.
    @Test func showsTheAverageOfItsWeights() throws {
      let bench = try workbench()
      try bench.train("first", settings(bench, ["train.steps=5"]))
      let options = ["--init-from", "\(bench.path)/first"]
      // With so slow an average the first steps leave it where it began.
      let slow = settings(bench, ["finetune.ema_decay=0.9999999999999999", "train.epochs=1"])
      #expect(try bench.pretrain("slow", slow, options: options).exitCode == 0)
      let epoch = try #require(try bench.log(of: "slow").epochs.last)
      let first = try #require(try bench.log(of: "first").epochs.last)
      #expect(epoch.averageLoss == first.validationLoss && epoch.averageAccuracy == first.validationAccuracy)
      #expect(epoch.validationLoss != first.validationLoss)
      let judged = try bench.pretrain("slow", slow, options: ["--eval"], ranks: 2)
      #expect(judged.output.contains("EMA loss: \(first.validationLoss)\n"), "\(judged.output)")
      #expect(judged.output.contains("validation (weights EMA): classifier "))
      func export(_ run: String, _ output: String, _ options: [String]) throws -> (Int32, String) {
        let outcome = try bench.runAnyCommand(
          ["export", "--checkpoint", "\(bench.path)/\(run)", "--format", "timm", "--output", "\(bench.path)/\(output)"]
            + options)
        return (outcome.exitCode, outcome.errorOutput + outcome.output)
      }
      func weights(_ folder: String) throws -> Data {
        try Data(contentsOf: URL(filePath: "\(bench.path)/\(folder)/model.safetensors"))
      }
      #expect(try export("slow", "average", ["--ema"]).0 == 0)
      #expect(try export("first", "began", []).0 == 0)
      #expect(try weights("average") == weights("began"))
      let (code, said) = try export("slow", "trained", [])
      #expect(code == 0 && said.contains("their moving average is taken with --ema"))
      #expect(try weights("trained") != weights("began"))
      let refused = try export("first", "nothing", ["--ema"])
      #expect(refused.0 == 2 && refused.1.contains("has no moving average of the weights"))
      #expect(try features(bench, "slow", ["--ema"]) == features(bench, "first"))
      #expect(try features(bench, "slow") != features(bench, "first"))
    }

    @Test func learnsAndSaysSoEverywhere() throws {
      let bench = try workbench()
      let outcome = try bench.pretrain(
        "run", settings(bench, ["train.epochs=30", "checkpoint.keep_last=1"] + plainly))
      #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
      let log = try bench.log(of: "run")
      let accuracies = log.steps.compactMap { Double($0.accuracy) }
      #expect(accuracies.count == 150)
      // Of 16 images, so sixteenths: exact sums, divided once.
      #expect(accuracies.allSatisfy { ($0 * 16).rounded() == $0 * 16 && (0...1).contains($0) })
      #expect(accuracies.suffix(5).reduce(0, +) / 5 > 0.9)
      let last = try #require(log.epochs.last)
      #expect(Double(last.meanAccuracy) == accuracies.suffix(5).reduce(0, +) / 5)
      #expect(try #require(Double(last.validationAccuracy)) > 0.9)
      // Beside the last checkpoint the first of the best ones stays.
      let scores = log.epochs.map { Double($0.validationAccuracy) ?? 0 }
      let best = 5 * (1 + (scores.firstIndex(of: scores.max() ?? 0) ?? 0))
      #expect(try bench.checkpointSteps(of: "run") == Set([best, 150]).sorted())
      #expect(outcome.errorOutput.contains(/step 150\/150  epoch 30.00\/30  loss [0-9.]+  accuracy (0\.9|1\.0)/))
      #expect(
        outcome.errorOutput.contains(/epoch 30: mean loss [0-9.]+, mean accuracy [0-9.]+, validation loss [0-9.]+/))
      let files = try FileManager.default.contentsOfDirectory(atPath: "\(bench.path)/run")
      let events = try #require(files.first { $0.hasPrefix("events.out.tfevents.") })
      let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(bench.path)/run/\(events)"))
      #expect(bytes.ranges(of: Data("validation_accuracy".utf8)).count == 30)
      try evaluatesAlone(bench, "run", last: (last.validationLoss, last.validationAccuracy))
    }

    /// On any ranks and threads the same bits, which are those of the run's last validation.
    private func evaluatesAlone(_ bench: Workbench, _ run: String, last: (loss: String, accuracy: String)) throws {
      func evaluate(_ name: String, _ more: [String] = [], ranks: Int? = nil) throws -> (String, [String: Data]) {
        let outcome = try bench.pretrain(
          run, settings(bench, plainly + more), options: ["--eval", "--json", "--output", "\(bench.path)/\(name)"],
          ranks: ranks)
        try #require(outcome.exitCode == 0, "\(outcome.errorOutput)")
        return (outcome.output, try bench.contents(of: name))
      }
      let (alone, files) = try evaluate("alone")
      let object = try #require(try JSONSerialization.jsonObject(with: Data(alone.utf8)) as? [String: Any])
      let facts = try #require(object["facts"] as? [String: Any])
      let report = try #require((object["results"] as? [[String: Any]])?.first?["report"] as? [String: Any])
      #expect(facts["step"] as? Int == 150)
      // Digit by digit: some readers of JSON round a number's last bit.
      #expect(alone.firstMatch(of: /"loss":([-0-9.e]+)/).map { String($0.1) } == last.loss)
      #expect(report["top1"] as? Double == Double(last.accuracy) && report["images"] as? Int == 24)
      #expect((report["per_class"] as? [[String: Any]])?.compactMap { $0["images"] as? Int } == [6, 6, 6, 6])
      let names: Set = ["result.json", "per_class.csv", "confusion.csv", "confusion.png", "mistakes.csv"]
      #expect(Set(files.keys) == names)
      for (name, more, ranks) in [
        ("two", [], 2), ("four", [], 4), ("threads", ["parallel.threads=3"], nil),
      ] as [(String, [String], Int?)] {
        let (json, others) = try evaluate(name, more, ranks: ranks)
        #expect(json == alone && others == files, "\(name)")
      }
      // The run left the same behind, but for what it is that was tried.
      var kept = try bench.contents(of: "\(run)/evaluation/validation-last")
      #expect(Set(kept.keys) == names)
      kept["result.json"] = files["result.json"]
      #expect(kept == files)
      let table = try bench.pretrain(run, settings(bench, plainly), options: ["--eval"])
      #expect(table.output.contains("validation (weights trained): classifier "), "\(table.output)")
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: "\(bench.path)/\(run)/evaluation").contains {
          $0.hasPrefix("finetune-step-00000150-")
        })
    }

    /// Without what makes training images harder than others.
    private let plainly = [
      "finetune.mixup=0", "finetune.cutmix=0", "finetune.random_erasing=0", "data.rand_augment=null",
      "data.random_crop=false", "data.flip=none", "finetune.label_smoothing=0",
    ]

    @Test func refusesWhatItCannotBeTriedOn() throws {
      let bench = try workbench()
      try bench.write(idxFile(images: Array(labelledImages()[..<4])), to: "some/test-images-idx3-ubyte")
      try bench.write([0, 0, 8, 1, 0, 0, 0, 4, 0, 1, 3, 3], to: "some/test-labels-idx1-ubyte")
      let some = settings(bench, ["validation.path=\(bench.path)/some", "train.steps=5"])
      let lacking = try bench.pretrain("run", some, ranks: 2)
      #expect(lacking.exitCode == 2)
      #expect(lacking.errorOutput.contains("lack a class of the training images, such as 2"), "\(lacking.errorOutput)")
      let present = try bench.pretrain("run", some, options: ["--only-present-classes"])
      #expect(present.exitCode == 0, "\(present.errorOutput)")
      let judged = try bench.pretrain("run", some, options: ["--eval", "--only-present-classes"], ranks: 2)
      #expect(judged.output.contains("note: the choice is among the 3 classes that the images have, of 4"))
      #expect(
        judged.output.contains("classes: 3")
          && judged.errorOutput.contains("/evaluation/finetune-present-step-00000005-"))
      let misplaced = try bench.pretrain("run", some, options: ["--json"])
      #expect(misplaced.exitCode == 2 && misplaced.errorOutput.contains("--json is for --eval"))
      let nothing = try bench.pretrain("run", settings(bench, ["validation.path="]), options: ["--eval"])
      #expect(
        nothing.exitCode == 2 && nothing.errorOutput.contains("no images to evaluate on"), "\(nothing.errorOutput)")
      let empty = try bench.pretrain("run", settings(bench, ["validation.path=\"\""]), ranks: 2)
      #expect(empty.exitCode == 2 && empty.errorOutput.contains("a path is empty"), "\(empty.errorOutput)")
    }

    @Test func refusesTheEncoderOfAnotherShape() throws {
      let pretraining = try Workbench()
      try pretraining.train("encoder", ["train.steps=1"])
      let bench = try workbench()
      let outcome = try bench.pretrain(
        "run", settings(bench), options: ["--init-from", "\(pretraining.path)/encoder"], ranks: 2)
      #expect(outcome.exitCode == 2)
      #expect(
        outcome.errorOutput.contains("is of another encoder (model.encoder.width is 16 and the checkpoint's 32)"),
        "\(outcome.errorOutput)")
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
      let sentence = "is a checkpoint of classification, and this is pretraining"
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
      let painting = try pretraining.runAnyCommand(
        [
          "reconstruct", "--checkpoint", run, "--data", "\(pretraining.path)/images", "--output",
          "\(pretraining.path)/gallery.png",
        ])
      #expect(painting.exitCode == 2)
      #expect(painting.errorOutput.contains(sentence), "\(painting.errorOutput)")
    }
  }
}

/// 8 x 8 pixels in 16 patches, 4 classes.
private let classifierConfiguration = """
  model:
    image_size: 8
    patch_size: 2
    channels: 1
    classes: 4
    encoder: {width: 16, depth: 2, heads: 2}
  data:
    workers: 1
    mean: [0.5]
    std: [0.25]
  validation:
    crop_fraction: 1
  train:
    batch_size: 16
    epochs: 4
    base_learning_rate: 0.05
    warmup_epochs: 1
  parallel:
    virtual_workers: 4
    threads: 1
    blas_kernel: mae
  """
