import Foundation
import MPILaunch
import Testing

extension ProgramTests {
  /// Whatever is wrong: one sentence that names it, once, the same exit code on all ranks, soon, and nothing of the run
  /// that is there is touched.
  @Suite struct BadInput {
    /// Something wrong, what must be named, and the exit code.
    struct Case: Sendable, CustomTestStringConvertible {
      let name: String
      var settings: [String] = []
      var options: [String] = []
      /// Where it needs another run directory than that of the run that is there.
      var run = "run"
      var ranks: [Int?] = [nil, 2]
      let exitCode: Int32
      /// Parts of the sentence; FOLDER stands for the test's folder.
      let named: [String]

      var testDescription: String { name }
    }

    static let cases: [Case] = [
      // Data
      Case(
        name: "wrong data path", settings: ["data.path=FOLDER/nowhere"], exitCode: 1,
        named: ["cannot read FOLDER/nowhere: No such file or directory"]),
      Case(
        name: "no data path", settings: ["data.path=''"], exitCode: 2, named: ["data.path is empty"]),
      Case(
        name: "empty folder", settings: ["data.path=FOLDER/empty"], exitCode: 1,
        named: ["FOLDER/empty is no data set: the folder holds no file named *.jpg"]),
      Case(
        name: "a file that is no data", settings: ["data.path=FOLDER/tiny.yaml"], exitCode: 1,
        named: ["FOLDER/tiny.yaml is no data set"]),
      Case(
        name: "IDX file cut short", settings: ["data.path=FOLDER/short"], exitCode: 1,
        named: ["FOLDER/short is damaged: it ends after"]),
      Case(
        name: "folder of broken images", settings: ["data.path=FOLDER/broken"], run: "new", exitCode: 1,
        named: ["80 images in a row cannot be used; the first: cannot decode FOLDER/broken/"]),
      Case(
        name: "data set smaller than a batch", settings: ["train.batch_size=96"], run: "new", exitCode: 1,
        named: ["the data set has 80 images, fewer than one batch of 96: lower train.batch_size"]),
      // Configuration
      Case(
        name: "no configuration", options: ["--config", "FOLDER/nowhere.yaml"], exitCode: 2,
        named: ["cannot read the configuration \"FOLDER/nowhere.yaml\": there is no such file"]),
      Case(
        name: "width by heads", settings: ["model.encoder.heads=3"], exitCode: 2,
        named: ["model.encoder.width is 32, which is not divisible by model.encoder.heads (3)"]),
      Case(
        name: "image by patch", settings: ["model.patch_size=3"], exitCode: 2,
        named: ["model.image_size is 8, which is not divisible by model.patch_size (3)"]),
      Case(
        name: "batch by virtual workers", settings: ["train.batch_size=18"], exitCode: 2,
        named: ["train.batch_size is 18, which is not divisible by parallel.virtual_workers (4)"]),
      Case(
        name: "mask ratio out of range", settings: ["model.mask_ratio=1"], exitCode: 2,
        named: ["model.mask_ratio is 1.0, but must be below 1"]),
      Case(
        name: "nothing visible", settings: ["model.mask_ratio=0.99"], exitCode: 2,
        named: ["model.mask_ratio is 0.99, which leaves 0 of 16 patches visible"]),
      Case(
        name: "channels that no image has", settings: ["model.channels=2", "data.mean=[0, 0]", "data.std=[1, 1]"],
        exitCode: 2, named: ["model.channels is 2"]),
      Case(
        name: "mean by channels", settings: ["model.channels=3"], exitCode: 2,
        named: ["data.mean is [0.5], which has 1 values for model.channels (3)"]),
      Case(
        name: "unknown key", settings: ["model.encoder.widht=64"], exitCode: 2,
        named: ["model.encoder.widht is not a known key; the nearest known key is model.encoder.width"]),
      Case(
        name: "wrong type", settings: ["train.batch_size=many"], exitCode: 2,
        named: ["train.batch_size must be a whole number, from 1 to 1048576, found many"]),
      Case(
        name: "unknown precision", settings: ["train.precision=fp8"], exitCode: 2, named: ["train.precision must be"]),
      // Run directory and checkpoints
      Case(
        name: "recipe of another model", settings: ["model.encoder.width=64"], exitCode: 2,
        named: ["model.encoder.width: 32 -> 64"]),
      Case(
        name: "checkpoint of another model", settings: ["model.encoder.width=64"],
        options: ["--allow-recipe-change"], exitCode: 1,
        named: ["model.safetensors\" is the checkpoint of another model: tensor \"cls_token\" has shape [1, 1, 32]"]),
      Case(
        name: "no such checkpoint", options: ["--resume", "FOLDER/nowhere"], exitCode: 1,
        named: ["\"FOLDER/nowhere\" does not exist"]),
      Case(
        name: "run directory below a file", run: "tiny.yaml/run", exitCode: 1,
        named: ["cannot use the run directory FOLDER/tiny.yaml/run: Not a directory"]),
      Case(
        name: "run directory where nobody can write", run: "/proc/mae-run", exitCode: 1,
        named: ["cannot use the run directory /proc/mae-run"]),
      // Command line
      Case(name: "unknown option", options: ["--wrong"], exitCode: 2, named: ["Unknown option '--wrong'"]),
      Case(
        name: "override without value", settings: ["train.steps"], exitCode: 2,
        named: ["--set needs key=value", "train.steps"]),
      Case(
        name: "more ranks than virtual workers", settings: ["parallel.virtual_workers=1"], run: "new", ranks: [2],
        exitCode: 2, named: ["2 ranks, but parallel.virtual_workers is 1: start at most 1 rank,"]),
      Case(
        name: "debug mode under mpirun", options: ["--debug"], ranks: [2], exitCode: 2,
        named: ["--debug works in one process, but 2 ranks were started"]),
    ]

    @Test(arguments: cases) func isNamedOnceByAllRanksAndTouchesNothing(_ bad: Case) throws {
      let bench = try Workbench()
      try FileManager.default.createDirectory(atPath: "\(bench.path)/empty", withIntermediateDirectories: true)
      try bench.write(idxFile(images: greyImages(count: 80)).dropLast(10), to: "short")
      if bad.settings.contains("data.path=FOLDER/broken") {
        for index in 0..<80 { try bench.write(Array("no image".utf8), to: "broken/\(index).jpg") }
      }
      func here(_ text: String) -> String { text.replacingOccurrences(of: "FOLDER", with: bench.path) }
      try bench.train("run", ["train.steps=2"])
      let before = try bench.contents(of: "run")
      for ranks in bad.ranks {
        let outcome = try bench.pretrain(
          bad.run, ["train.steps=9"] + bad.settings.map(here), options: bad.options.map(here), ranks: ranks)
        let place = "\(ranks.map { "\($0) ranks" } ?? "alone"): \(outcome.errorOutput)"
        #expect(outcome.exitCode == bad.exitCode, "\(place)")
        #expect(outcome.seconds < 10, "\(place)")
        let sentences = outcome.errorOutput.split(separator: "\n").filter { $0.hasPrefix("mae: ") }
        #expect(sentences.count == 1, "\(place)")
        for part in bad.named.map(here) {
          #expect(sentences.first?.contains(part) == true, "\(part) in \(place)")
          #expect(outcome.errorOutput.components(separatedBy: part).count == 2, "\(part) once in \(place)")
        }
        #expect(outcome.output.isEmpty, "\(outcome.output)")
      }
      #expect(try bench.contents(of: "run") == before)
      #expect(!FileManager.default.fileExists(atPath: "\(bench.path)/new/config.yaml"))
    }

    @Test(arguments: [nil, 2]) func helpIsSaidOnce(ranks: Int?) throws {
      let bench = try Workbench()
      let outcome = try bench.runAnyCommand(["pretrain", "--help"], ranks: ranks)
      #expect(outcome.exitCode == 0)
      #expect(outcome.output.components(separatedBy: "USAGE: mae pretrain").count == 2)
    }

    /// A test that asks for a fault and gets none would pass whatever the program does.
    @Test(arguments: ["bogus", "nan:step=x:rank=0", "nan:step=5", "NAN:step=5:rank=0", "nan:step=5:rank=0,"])
    func anUnreadableFaultIsRefused(fault: String) throws {
      let bench = try Workbench()
      let outcome = try bench.pretrain("run", ["train.steps=2"], environment: ["MAE_FAULT": fault])
      #expect(outcome.exitCode == 2)
      #expect(
        outcome.errorOutput.hasPrefix(
          "mae: the environment variable MAE_FAULT is \"\(fault)\", which asks for no fault"),
        "\(outcome.errorOutput)")
      #expect(!FileManager.default.fileExists(atPath: "\(bench.path)/run"))
    }

    /// Ranks that would do different work are told apart before they do any.
    @Test func ranksMustBeGivenTheSame() throws {
      let bench = try Workbench()
      let first = bench.arguments("run", ["train.steps=2"])
      let seeds = try bench.startUnequalRanks(first, bench.arguments("run", ["train.steps=2", "train.seed=1"]))
        .wait(deadlineSeconds: 20)
      #expect(seeds.exitCode == 2)
      #expect(seeds.errorOutput.contains("rank 1 was given another configuration than rank 0 (train.seed: 0 -> 1)"))
      try bench.write(idxFile(images: greyImages(count: 79)), to: "fewer")
      let data = try bench.startUnequalRanks(
        first, bench.arguments("run", ["train.steps=2", "data.path=\(bench.path)/fewer"])
      ).wait(deadlineSeconds: 20)
      #expect(data.exitCode == 1)
      #expect(
        data.errorOutput.contains(
          "rank 1 finds 79 images in \(bench.path)/fewer, but rank 0 80 images in \(bench.path)/images"))
      try bench.write(idxFile(images: Array(greyImages(count: 81).dropFirst())), to: "others")
      let others = try bench.startUnequalRanks(
        first, bench.arguments("run", ["train.steps=2", "data.path=\(bench.path)/others"])
      ).wait(deadlineSeconds: 20)
      #expect(others.exitCode == 1)
      #expect(
        others.errorOutput.contains("80 images in \(bench.path)/images, and their names, sizes or contents differ"),
        "\(others.errorOutput)")
      #expect(!FileManager.default.fileExists(atPath: "\(bench.path)/run"))
      // What belongs to the machine may differ.
      let local = ["train.steps=2", "data.workers=2", "parallel.threads=2"]
      #expect(
        try bench.startUnequalRanks(first, bench.arguments("run", local)).wait(deadlineSeconds: 20).exitCode == 0)
    }
  }
}
