import Foundation
import MPILaunch
import Testing

extension ProgramTests {
  /// `mae config list`, `copy`, `diff` and `schema`.
  @Suite struct RecipeCommands {
    private static let configs = URL(filePath: #filePath).appending(path: "../../../../configs").standardizedFileURL
      .path

    @Test func recipesAreListedAndCopied() throws {
      let bench = try Workbench()
      let list = try bench.runAnyCommand(["config", "list"])
      #expect(list.exitCode == 0, "\(list.errorOutput)")
      #expect(list.output.contains(/(?m)^tiny32 +32 x 32 pixels, patches of 4/), "\(list.output)")
      let copy = "\(bench.path)/mine.yaml"
      #expect(try bench.runAnyCommand(["config", "copy", "tiny32", "--output", copy]).output == "wrote \(copy)\n")
      #expect(
        FileManager.default.contentsEqual(atPath: copy, andPath: "\(Self.configs)/tiny32.yaml"))
      let again = try bench.runAnyCommand(["config", "copy", "tiny32", "--output", copy])
      #expect(again.exitCode == 2)
      #expect(again.errorOutput == "mae: \(copy) exists already and is not overwritten; name another with --output\n")
      let wrong = try bench.runAnyCommand(["config", "copy", "tiny33"])
      #expect(wrong.exitCode == 2)
      #expect(wrong.errorOutput.hasPrefix("mae: there is no recipe tiny33; did you mean tiny32? There are "))
    }

    /// As it is installed: the program in PREFIX/bin, the recipes in PREFIX/share/mae/configs.
    @Test func anInstalledProgramFindsItsRecipes() throws {
      let bench = try Workbench()
      let program = try MPILaunch.builtProgram("mae")
      try bench.write(Array("# Mine\n".utf8), to: "prefix/share/mae/configs/mine.yaml")
      try FileManager.default.createDirectory(atPath: "\(bench.path)/prefix/bin", withIntermediateDirectories: true)
      let installed = "\(bench.path)/prefix/bin/mae"
      try FileManager.default.copyItem(atPath: program, toPath: installed)
      let list = try MPILaunch.run(installed, ["config", "list"], ranks: nil)
      #expect(list.output == "mine  Mine\n")
      try FileManager.default.removeItem(atPath: "\(bench.path)/prefix/share")
      let lost = try MPILaunch.run(installed, ["config", "list"], ranks: nil)
      #expect(lost.exitCode == 1)
      #expect(lost.errorOutput.contains("run launch/install --prefix DIR in a clone"))
    }

    @Test func configurationsAreCompared() throws {
      let bench = try Workbench()
      let two = try bench.runAnyCommand(["config", "diff", "vit_base", "\(Self.configs)/vit_large.yaml"])
      #expect(
        two.output == "model.encoder.width: 768 -> 1024\nmodel.encoder.depth: 12 -> 24\nmodel.encoder.heads: 12 -> 16\n"
      )
      let one = try bench.runAnyCommand(["config", "diff", "\(bench.path)/tiny.yaml"])
      #expect(one.output.contains("model.image_size: 224 -> 8\n"))
      let classifiers = try bench.runAnyCommand(["config", "diff", "finetune_vit_base", "finetune_vit_large"])
      #expect(
        classifiers.output.contains("model.encoder.width: 768 -> 1024\n")
          && classifiers.output.contains("finetune.drop_path: 0.1 -> 0.2\n"), "\(classifiers.errorOutput)")
      let probe = try bench.runAnyCommand(["config", "diff", "probe_vit_base"])
      #expect(
        probe.output.contains("finetune.batch_norm: false -> true\n") && !probe.output.contains("model.encoder"),
        "\(probe.errorOutput)")
      let mixed = try bench.runAnyCommand(["config", "diff", "vit_base", "finetune_vit_base"])
      #expect(mixed.exitCode == 2 && mixed.errorOutput.contains("compare two of one command"))
      #expect(try bench.runAnyCommand(["config", "diff"]).exitCode == 2)
      #expect(try bench.runAnyCommand(["config", "diff", "nowhere.yaml"]).exitCode == 2)
    }

    /// Whatever a configuration is for, its sections show it, and all images that it names are looked at.
    @Test func checkOpensAllImages() throws {
      let bench = try Workbench()
      for (name, key) in [("fashion_mnist", "eval.test"), ("finetune_fashion_mnist", "validation.path")] {
        let config = "\(Self.configs)/\(name).yaml"
        func check(_ settings: [String], ranks: Int? = nil) throws -> MPILaunch.Outcome {
          try bench.runAnyCommand(
            ["config", "check", "--config", config] + settings.flatMap { ["--set", $0] }, ranks: ranks)
        }
        try bench.writeLabelled(count: 40, to: "train", classes: 10)
        let data = "data.path=\(bench.path)/train-images-idx3-ubyte"
        let small = ["train.batch_size=8"]
        let good = try check(small + [data, "\(key)=\(bench.path)/train-images-idx3-ubyte"])
        #expect(good.exitCode == 0 && good.output.contains("valid; 40 images"), "\(good.errorOutput)")
        let bad = try check(small + [data, "\(key)=\(bench.path)/nowhere"], ranks: 2)
        #expect(bad.exitCode != 0 && bad.errorOutput.contains("nowhere"), "\(bad.errorOutput)")
      }
      let wrong = try bench.runAnyCommand(
        ["config", "check", "--task", "pretrain", "--config", "\(Self.configs)/finetune_fashion_mnist.yaml"])
      #expect(wrong.exitCode == 2 && wrong.errorOutput.contains("finetune"))
    }

    /// The schemas against an implementation that we did not write: every file in configs is valid for the command that it is
    /// for, and mistakes are found.
    @Test func theSchemaIsThatOfTheFiles() throws {
      let bench = try Workbench()
      var schemas: [String] = []
      for task in ["pretrain", "finetune"] {
        let outcome = try bench.runAnyCommand(["config", "schema", "--task", task])
        try bench.write(Array(outcome.output.utf8), to: "\(task).json")
        schemas.append("\(bench.path)/\(task).json")
      }
      let script = """
        import glob, json, sys, jsonschema, yaml
        validators = [jsonschema.Draft7Validator(json.load(open(path))) for path in sys.argv[2:]]
        for validator in validators: validator.check_schema(validator.schema)
        for path in sorted(glob.glob(sys.argv[1] + "/*.yaml")):
            content = yaml.safe_load(open(path))
            assert sum(validator.is_valid(content) for validator in validators) == 1, path
        def errors(text): return [error.message for error in validators[0].iter_errors(yaml.safe_load(text))]
        for good in ["{}", "model:", "model: {image_size: [32, 64]}", "train: {steps: null}", "data: {path: [a, b]}",
                     "train: {time_limit: 2h}", "data: {flip: true}", "data: {sample_range: [0, 4095]}"]:
            assert not errors(good), (good, errors(good))
        for bad in ["{modle: {}}", "model: {image_size: 0.5}", "train: {epochs: many}", "train: {epochs: 0}",
                    "model: {mask_ratio: 1}", "train: {precision: fp16}", "data: {mean: 0.5}", "data: {std: [0]}",
                    "model: {encoder: {widht: 3}}", "data: {random_crop: 1}"]:
            assert errors(bad), bad
        print("all is well")
        """
      let outcome = try MPILaunch.run("/usr/bin/python3", ["-c", script, Self.configs] + schemas, ranks: nil)
      #expect(outcome.output == "all is well\n", "\(outcome.errorOutput)")
    }

    @Test func everyCommandHasAnExampleInItsHelp() throws {
      let bench = try Workbench()
      func commands(_ path: [String]) throws -> [[String]] {
        let help = try bench.runAnyCommand(path + ["--help"]).output
        guard let list = help.firstRange(of: "SUBCOMMANDS:\n") else { return [path] }
        let names = help[list.upperBound...].split(separator: "\n").compactMap { $0.firstMatch(of: /^  ([a-z-]+)/)?.1 }
        return try [path] + names.filter { $0 != "help" }.flatMap { try commands(path + [String($0)]) }
      }
      let all = try commands([]).filter { !$0.isEmpty }
      #expect(all.count > 20)
      for path in all {
        let help = try bench.runAnyCommand(path + ["--help"]).output
        #expect(help.contains("xample: "), "mae \(path.joined(separator: " "))")
      }
    }
  }
}
