import Foundation
import MPILaunch
import Testing

extension ProgramTests {
  /// What people do who use the program for the first time, and the sentence that each gets. Those of the launchers are in
  /// ClusterTests/HostReportTests.
  @Suite struct NewcomerMistakes {
    struct Case: Sendable, CustomTestStringConvertible {
      /// FOLDER stands for the test's folder.
      let arguments: [String]
      let exitCode: Int32
      /// All that is said, on standard output where the exit code is 0.
      let sentence: String

      var testDescription: String { arguments.joined(separator: " ") }
    }

    private static let check = ["config", "check", "--config", "FOLDER/tiny.yaml"]
    private static let checkData = check + ["--set", "data.path=FOLDER/images"]
    private static let plan = [
      "plan", "--config", "FOLDER/tiny.yaml", "--gemm-gflops", "1", "--memory-gigabytes", "1",
      "--function-gigaelements", "1",
    ]

    static let cases: [Case] = [
      // Command lines
      Case(
        arguments: ["pretrain", "--confg", "x"], exitCode: 2,
        sentence: "Unknown option '--confg'; did you mean --config? mae pretrain --help lists all."),
      Case(
        arguments: check + ["--frobnicate"], exitCode: 2,
        sentence: "Unknown option '--frobnicate'. mae config check --help lists all."),
      Case(
        arguments: ["help", "pretrian"], exitCode: 2,
        sentence: "mae has no command 'pretrian'; did you mean pretrain? It has pretrain, "),
      Case(
        arguments: ["config", "chek"], exitCode: 2,
        sentence:
          "mae config has no command 'chek'; did you mean check? It has list, copy, suggest, show, check, diff, schema, virtual-workers."
      ),
      Case(
        arguments: check + ["--set", "train.epochs", "=", "3"], exitCode: 2,
        sentence: "--set takes key=value as one word, and the shell has cut \"train.epochs = 3\" at its spaces; write "
          + "--set 'train.epochs=3'"),
      Case(
        arguments: check + ["--set", "data.crop_scale=[0.5,", "1]"], exitCode: 2,
        sentence:
          "--set takes key=value as one word, and the shell has cut \"data.crop_scale=[0.5, 1]\" at its spaces; "
          + "write --set 'data.crop_scale=[0.5, 1]'"),
      Case(
        arguments: ["pretrain", "--config", "FOLDER/tiny.yaml", "--run-dir=~/runs"], exitCode: 2,
        sentence: "--run-dir=~/runs: the shell leaves ~ as it is behind =; write --run-dir ~/runs"),
      Case(arguments: ["--version"], exitCode: 0, sentence: "0."),
      // Configurations
      Case(
        arguments: ["config", "check", "--config", "FOLDER/tab.yaml"], exitCode: 2,
        sentence: "config error: the line begins with a tab; indent with spaces (FOLDER/tab.yaml:3)"),
      Case(
        arguments: ["config", "check", "--config", "FOLDER/utf16.yaml"], exitCode: 2,
        sentence:
          "config error: cannot read the configuration \"FOLDER/utf16.yaml\": it is not UTF-8 text; save it as UTF-8"
      ),
      Case(
        arguments: ["config", "virtual-workers", "--config", "FOLDER/marked.yaml"], exitCode: 0, sentence: "2\n"),
      Case(
        arguments: ["pretrain", "--config", "FOLDER/classes.yaml", "--run-dir", "FOLDER/run"], exitCode: 2,
        sentence:
          "config error: model.classes is no key of mae pretrain, but of mae finetune, which takes this configuration; "
          + "mae config takes it with --task finetune (FOLDER/classes.yaml:1)"),
      Case(
        arguments: check + ["--set", "data.path=~/images"], exitCode: 2,
        sentence:
          "config error: data.path is \"~/images\", which no shell has read, so that ~ and $ stay what they are; "
          + "write the folder in full (--set data.path=~/images)"),
      Case(
        arguments: check + ["--set", "data.path=/data/${USER}/images"], exitCode: 2,
        sentence: "config error: data.path is \"/data/${USER}/images\", which no shell has read"),
      Case(
        arguments: ["config", "virtual-workers", "--config", "/dev/null", "--set", "train.epochs=20"], exitCode: 0,
        sentence: "512\n"),
      Case(
        arguments: check + ["--set", "data.path=FOLDER/nowhere"], exitCode: 1,
        sentence: "cannot read FOLDER/nowhere: No such file or directory"),
      Case(
        arguments: checkData, exitCode: 0,
        sentence: "FOLDER/tiny.yaml: valid; 80 images, 5 steps an epoch, "),
      // Runs
      Case(
        arguments: ["runs", "FOLDER/nowhere"], exitCode: 1,
        sentence: "\"FOLDER/nowhere\" is no folder: name one of run directories."),
      Case(
        arguments: ["report", "FOLDER/nowhere"], exitCode: 1,
        sentence: "\"FOLDER/nowhere\" is no run directory: it holds no log.jsonl."),
      Case(
        arguments: ["report", "FOLDER/begun", "--output", "FOLDER/nowhere/x.html"], exitCode: 1,
        sentence: "cannot write \"FOLDER/nowhere/x.html\": there is no folder \"FOLDER/nowhere\"; make it, or name "
          + "another file."),
      // Numbers
      Case(
        arguments: checkData + ["--set", "model.image_size=100000"], exitCode: 2,
        sentence: "config error: model.image_size is 100000, but must be from 1 to 65536 a side"),
      Case(
        arguments: checkData + ["--set", "model.encoder.width=3000000000"], exitCode: 2,
        sentence: "config error: model.encoder.width is 3000000000, but must be from 4 to 65536"),
      Case(
        arguments: checkData + ["--set", "model.encoder={width: 65536, depth: 200}"], exitCode: 2,
        sentence: "config error: model has about "),
      Case(
        arguments: checkData + ["--set", "model.encoder={width: 65536, depth: 12}"], exitCode: 2,
        sentence: "config error: 1 rank on "),
      Case(
        arguments: plan + ["--nodes", "9223372036854775807"], exitCode: 2,
        sentence: "Error: --nodes is 9223372036854775807; give 1 to 100000."),
      Case(arguments: plan, exitCode: 0, sentence: "program and libraries "),
      // Measurements
      Case(
        arguments: ["bench", "allreduce"], exitCode: 2,
        sentence:
          "bench allreduce needs two ranks or more to have a sum to measure; start it as mpirun -np 2 mae bench "
          + "allreduce."),
    ]

    @Test(arguments: cases) func getASentence(_ mistake: Case) throws {
      let bench = try Workbench()
      try bench.write(Array("train:\n  epochs: 100\n\tsteps: 3\n".utf8), to: "tab.yaml")
      try bench.write(Array("model: {classes: 10}\n".utf8), to: "classes.yaml")
      try bench.write([], to: "begun/log.jsonl")
      try bench.write([0xEF, 0xBB, 0xBF] + Array("train: {batch_size: 16}\n".utf8), to: "marked.yaml")
      try bench.write(
        [0xFF, 0xFE] + "train: {}".utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }, to: "utf16.yaml")
      func here(_ text: String) -> String { text.replacingOccurrences(of: "FOLDER", with: bench.path) }
      let outcome = try bench.runAnyCommand(mistake.arguments.map(here))
      #expect(outcome.exitCode == mistake.exitCode, "\(outcome.errorOutput)")
      let said = mistake.exitCode == 0 ? outcome.output : outcome.errorOutput
      #expect(said.hasPrefix((mistake.exitCode == 0 ? "" : "mae: ") + here(mistake.sentence)), "\(said)")
    }

    /// One batch of 32 in 40 images, one step of one virtual worker.
    @Test func theStartSaysWhatIsLeftOutAndCountsInEnglish() throws {
      let bench = try Workbench()
      try bench.write(idxFile(images: greyImages(count: 40)), to: "forty")
      let outcome = try bench.pretrain(
        "run",
        [
          "data.path=\(bench.path)/forty", "train.batch_size=24", "train.epochs=1", "train.warmup_epochs=null",
          "parallel.virtual_workers=1",
        ])
      #expect(outcome.exitCode == 0)
      for sentence in [
        "1 step, 1 an epoch; ", " after 0.05 epochs of warm-up; 16 of an epoch's 40 images are in no batch\n",
        "24 images a step = 1 virtual worker x 24 images\n",
        "1 on 1 host, each 1 virtual worker on 1 thread in 1 round\n",
      ] {
        #expect(outcome.errorOutput.contains(sentence), "\(sentence) in \(outcome.errorOutput)")
      }
      #expect(try bench.runAnyCommand(["inspect", "\(bench.path)/run"]).output.contains(", 1 rank x 1 thread"))
    }
  }
}
