import Foundation
import Testing

extension ProgramTests {
  /// `mae knn`, `mae probe` and `mae embed` of a checkpoint.
  @Suite struct LabelledEvaluations {
    /// A run of two steps in `run`, and labelled images in `train` and `test`.
    private func bench() throws -> Workbench {
      let bench = try Workbench()
      try bench.writeLabelled(count: 130, to: "train")
      try bench.writeLabelled(count: 60, to: "test", first: 1000)
      try bench.train("run", ["train.steps=2"])
      return bench
    }

    private func arguments(_ command: String, _ bench: Workbench, _ options: [String] = []) -> [String] {
      [command, "--checkpoint", "\(bench.path)/run", "--train", "\(bench.path)/train-images-idx3-ubyte", "--test"]
        + ["\(bench.path)/test-images-idx3-ubyte"] + options
    }

    /// One line of JSON, bit by bit, and the files.
    @Test(arguments: [
      ["knn", "-k", "5", "-k", "20"], ["knn", "-k", "5", "-k", "20", "--precision", "bf16"],
      ["probe", "--strength", "0.1", "--strength", "0.001"],
    ])
    func haveTheSameBitsOnAnyRanksAndThreads(words: [String]) throws {
      let bench = try bench()
      func result(_ name: String, _ options: [String] = [], ranks: Int? = nil) throws -> (String, [String: Data]) {
        let all = Array(words.dropFirst()) + ["--json", "--baselines", "--output", "\(bench.path)/\(name)"] + options
        let outcome = try bench.runAnyCommand(arguments(words[0], bench, all), ranks: ranks)
        try #require(outcome.exitCode == 0, "\(outcome.errorOutput)")
        return (outcome.output, try bench.contents(of: name))
      }
      let (alone, files) = try result("alone", ["--threads", "1"])
      #expect(
        Set(files.keys) == ["result.json", "per_class.csv", "confusion.csv", "confusion.png", "mistakes.csv"])
      let object = try #require(try JSONSerialization.jsonObject(with: Data(alone.utf8)) as? [String: Any])
      let results = try #require(object["results"] as? [[String: Any]])
      #expect(results.count == (words[0] == "knn" ? 6 : 3))
      #expect(
        Set(results.compactMap { $0["features"] as? String }) == ["encoder", "raw pixels 8 x 8", "untrained encoder"])
      // Waves of three lengths are near those of their own length; planes need not part them, whatever their phases.
      let accuracies = results.compactMap { ($0["report"] as? [String: Any])?["top1"] as? Double }
      #expect(accuracies.count == results.count)
      if words[0] == "knn" { #expect(accuracies.allSatisfy { $0 > 0.5 }, "\(accuracies)") }
      for (name, options, ranks) in [
        ("threads", ["--threads", "2"], nil), ("two", [], 2), ("four", ["--threads", "1"], 4), ("three", [], 3),
      ] as [(String, [String], Int?)] {
        let (json, others) = try result(name, options, ranks: ranks)
        #expect(json == alone, "\(name)")
        #expect(others == files, "\(name)")
      }
    }

    @Test func goToTheRunDirectoryUnlessToldOtherwise() throws {
      let bench = try bench()
      let outcome = try bench.runAnyCommand(arguments("knn", bench, ["-k", "3"]))
      #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
      #expect(
        outcome.output.contains("k-NN (k 3): encoder ") && outcome.output.contains("by class, of encoder with k 3:"))
      let folder = try #require(
        try FileManager.default.contentsOfDirectory(atPath: "\(bench.path)/run/evaluation").first)
      #expect(folder.hasPrefix("knn-mean-k-3-step-00000002-"))
      // A checkpoint that was taken out of its run has none.
      try FileManager.default.copyItem(
        atPath: "\(bench.path)/run/checkpoints/step-00000002", toPath: "\(bench.path)/alone")
      var words = arguments("knn", bench, ["-k", "3"])
      words[2] = "\(bench.path)/alone"
      let other = try bench.runAnyCommand(words)
      #expect(other.exitCode == 0 && other.errorOutput.contains("is in no run directory; name one with --output"))
    }

    /// What was asked for otherwise than usual has a folder of its own, and stands in the result.
    @Test func eachSettingHasAFolder() throws {
      let bench = try bench()
      for (words, start) in [
        (["knn"], "knn-mean-step-"), (["knn", "-k", "5", "-k", "3"], "knn-mean-k-3-5-step-"),
        (["knn", "--temperature", "0.5", "--crop-fraction", "0.75"], "knn-mean-crop-0.75-temperature-0.5-step-"),
        (["knn", "--pool", "cls", "--baselines"], "knn-cls-baselines-step-"),
        (["probe", "--strength", "0.001", "--strength", "0.1"], "probe-mean-strength-0.1-0.001-step-"),
      ] {
        let before = Set((try? FileManager.default.contentsOfDirectory(atPath: "\(bench.path)/run/evaluation")) ?? [])
        let outcome = try bench.runAnyCommand(arguments(words[0], bench, Array(words.dropFirst()) + ["--json"]))
        #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
        let after = try FileManager.default.contentsOfDirectory(atPath: "\(bench.path)/run/evaluation")
        let new = after.filter { !before.contains($0) }
        #expect(new.count == 1 && new.allSatisfy { $0.hasPrefix(start) }, "\(words): \(new)")
        let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
        let facts = try #require(object?["facts"] as? [String: Any])
        #expect(facts["step"] as? Int == 2 && facts["classes"] as? Int == 3)
        let kept = (facts["crop_fraction"] as? NSNumber)?.doubleValue
        #expect(kept == (words.contains("--crop-fraction") ? 0.75 : 1))
        if words[0] == "knn" {
          #expect(facts["temperature"] as? Double == (words.contains("--temperature") ? 0.5 : 0.07))
        }
      }
      // A name that no folder can have is shortened.
      let many = (1...60).flatMap { ["-k", "\($0)"] }
      #expect(try bench.runAnyCommand(arguments("knn", bench, many)).exitCode == 0)
    }

    /// The same data under another name: each image is judged by the others.
    @Test func sameDataIsLeftOutImageByImage() throws {
      let bench = try bench()
      try bench.writeLabelled(count: 130, to: "copy")
      var words = arguments("knn", bench, ["-k", "1", "--json"])
      words[6] = "\(bench.path)/copy-images-idx3-ubyte"
      let outcome = try bench.runAnyCommand(words)
      #expect(outcome.exitCode == 0 && outcome.output.contains("each image is judged by all others"))
      let large = try bench.runAnyCommand(words.map { $0 == "1" ? "130" : $0 })
      #expect(large.exitCode == 2)
      #expect(
        large.errorOutput.contains("k is 130, and an image has 129 others in the train set, which is the test set too"))
    }

    /// What is wrong, in a sentence each, on two ranks as on one.
    @Test func whatIsRefused() throws {
      let bench = try bench()
      try bench.write(idxFile(images: greyImages(count: 30)), to: "bare")
      try bench.writeLabelled(count: 40, to: "single", classes: 1)
      try bench.writeLabelled(count: 40, to: "more", classes: 4)
      try bench.writeJPEGs(to: "colour")
      func refused(_ train: String, _ test: String, _ options: [String] = [], ranks: Int?) throws -> (Int32, String) {
        let words =
          ["knn", "--checkpoint", "\(bench.path)/run", "--train", "\(bench.path)/\(train)", "--test"]
          + ["\(bench.path)/\(test)"] + options
        let outcome = try bench.runAnyCommand(words, ranks: ranks)
        return (outcome.exitCode, outcome.errorOutput)
      }
      let (train, test) = ("train-images-idx3-ubyte", "test-images-idx3-ubyte")
      for ranks in [nil, 2] {
        for (sets, options, code, sentence) in [
          ((train, "bare"), [], 2, "bare (an IDX file) has no labels"),
          (("single-images-idx3-ubyte", test), [], 2, "are of the class \"0\": there is nothing to tell apart"),
          ((train, "more-images-idx3-ubyte"), [], 2, "the test set has 10 images of the class \"3\", of which"),
          ((train, test), ["-k", "131"], 2, "k is 131, and an image has 130 others to be compared with"),
          ((train, "nowhere"), [], 1, "nowhere"),
          ((train, test), ["--pool", "patches"], 2, "Please provide one of 'cls' and 'mean'"),
        ] as [((String, String), [String], Int32, String)] {
          let (exitCode, said) = try refused(sets.0, sets.1, options, ranks: ranks)
          #expect(exitCode == code, "\(sentence): \(said)")
          #expect(said.contains(sentence) && said.ranges(of: sentence).count == 1, "\(said)")
        }
      }
      // Colours become grey; classes are still matched by their names.
      let (code, said) = try refused("colour", test, ranks: nil)
      #expect(code == 2 && said.contains("the classes \"0\", \"1\", \"2\", of which"))
    }

    /// Features by two ranks have the bytes that one writes; patches keep their places, and labels stand beside names.
    @Test(arguments: [["--pool", "cls"], ["--pool", "patches", "--layer", "1"]])
    func embeddingsOfSeveralRanks(options: [String]) throws {
      let bench = try bench()
      func embed(_ name: String, threads: Int = 1, ranks: Int?) throws -> (Data, String) {
        let path = "\(bench.path)/\(name).npy"
        let outcome = try bench.runAnyCommand(
          ["embed", "--checkpoint", "\(bench.path)/run", "--data", "\(bench.path)/test-images-idx3-ubyte", "--output"]
            + [path, "--threads", "\(threads)"] + options, ranks: ranks)
        try #require(outcome.exitCode == 0, "\(outcome.errorOutput)")
        return (
          try Data(contentsOf: URL(fileURLWithPath: path)), try String(contentsOfFile: path + ".txt", encoding: .utf8)
        )
      }
      let alone = try embed("alone", ranks: nil)
      let shape = options.contains("patches") ? "(60, 16, 32)" : "(60, 32)"
      #expect(String(decoding: alone.0.prefix(128), as: UTF8.self).contains("'shape': \(shape)"))
      #expect(alone.1.split(separator: "\n")[4].hasSuffix("test-images-idx3-ubyte#4\t1"))
      for ranks in [2, 4] { #expect(try embed("\(ranks)", ranks: ranks) == alone) }
      #expect(try embed("threads", threads: 2, ranks: nil) == alone)
    }

    @Test func aLayerThatIsNotThere() throws {
      let bench = try bench()
      let outcome = try bench.runAnyCommand(
        ["embed", "--checkpoint", "\(bench.path)/run", "--data", "\(bench.path)/images", "--output"]
          + ["\(bench.path)/out.npy", "--layer", "3"], ranks: 2)
      #expect(outcome.exitCode == 2)
      #expect(outcome.errorOutput.contains("--layer is 3, and the encoder has 2 blocks; name one from 0 to 2."))
    }
  }
}

extension Workbench {
  /// Images of waves, whose length is their class, and their labels beside them: `name-images-idx3-ubyte`.
  ///
  /// - Parameter first: other images for another number.
  func writeLabelled(count: Int, to name: String, first: Int = 0, classes: Int = 3) throws {
    let labels = (0..<count).map { $0 % classes }
    let images = labels.enumerated().map { image, label in
      (0..<144).map { pixel in
        let (row, column) = (Double(pixel / 12), Double(pixel % 12))
        let phase = Double((first + image) * 7919 % 100) / 16
        return UInt8(127.5 + 90 * sin(row * (0.4 + 0.5 * Double(label)) + phase) + 20 * cos(column * 1.3 + phase * 3))
      }
    }
    try write(idxFile(images: images), to: "\(name)-images-idx3-ubyte")
    let header: [UInt8] = [0, 0, 8, 1] + (0..<4).map { UInt8(count >> (24 - 8 * $0) & 255) }
    try write(header + labels.map { UInt8($0) }, to: "\(name)-labels-idx1-ubyte")
  }
}
