import Checkpoints
import Foundation
import Interoperability
import MPILaunch
import Pretraining
import Reporting
import Testing

/// What `README.md` of an exported folder says.
@Suite struct ModelCardTests {
  private func card(
    step: Int, log records: [any LogRecord], _ format: ModelFormat = .huggingFace, overrides: [String] = []
  ) throws -> String {
    let folder = try TemporaryFolder()
    let log = try TrainingLog.create(at: folder("log.jsonl"))
    for record in records { try log.append(record) }
    let imported = try TrainedModel.importing(fixture("hf"), overrides: ["train.batch_size=64"] + overrides).model
    let model = TrainedModel(
      imported.model, configuration: imported.configuration,
      parameters: .init(imported.parameters.all.array), step: step)
    var options = ExportOptions(format: format)
    options.log = try TrainingLog.lines(at: folder("log.jsonl"))
    _ = try model.export(to: folder("hf"), options)
    return try String(contentsOfFile: folder("hf/README.md"), encoding: .utf8)
  }

  @Test func tellsTheRun() throws {
    var records: [any LogRecord] = []
    for epoch in 1...50 {
      records.append(
        StepRecord(
          step: epoch * 10, epoch: Double(epoch), loss: 1 / Double(epoch), learningRate: 1e-3, imagesPerSecond: 1,
          stepSeconds: 72))
      records.append(EpochRecord(step: epoch * 10, epoch: epoch, meanLoss: 2 / Double(epoch), seconds: 1))
    }
    let card = try card(step: 400, log: records)
    #expect(card.contains("- steps: 400 of 64 images each, 25600 images in all"))
    #expect(card.contains("- epochs: 40.00 of a schedule of 800"))
    #expect(card.contains("- loss of the last step: 0.0250"))
    #expect(card.contains("- time in steps: 0.80 hours"))
    #expect(card.contains("| 40 | 400 | 0.0500 |"))
    #expect(!card.contains("| 41 |"), "what came after the checkpoint is not its own")
    let rows = card.split(separator: "\n").filter { $0.hasSuffix(" |") && $0.contains("0 | ") }
    #expect(rows.count <= 21)
    #expect(card.contains("ViTMAEForPreTraining.from_pretrained") && card.contains("batch_size: 64"))
  }

  @Test func aRunWithoutAnEpochShowsItsSteps() throws {
    let records = (1...45).map { step in
      StepRecord(
        step: step, epoch: Double(step) / 100, loss: 1 / Double(step), learningRate: 1e-3, imagesPerSecond: 1,
        stepSeconds: 1)
    }
    let card = try card(step: 45, log: records)
    #expect(card.contains("| 0.01 | 1 | 1.0000 |") && card.contains("| 0.45 | 45 | 0.0222 |"))
  }

  /// The weights are those of `mae inspect`, and nothing says where they lay.
  @Test func namesTheWeightsAndNoPlaces() throws {
    let folder = try TemporaryFolder()
    try TrainedModel.importing(fixture("hf")).model.saveRun(to: folder("run"))
    let hash = try Checkpoint.open(folder("run")).parameterHash()
    for format in ModelFormat.allCases {
      let card = try card(
        step: 3, log: [], format,
        overrides: ["data.path=/home/somebody/secret/garments", "parallel.threads=7", "watchdog.factor=33"])
      #expect(card.contains("| parameters | `\(hash)`"))
      #expect(card.contains("- data: `garments`"))
      for word in ["somebody", "secret", "watchdog", "threads", "\n  workers:", folder.path] {
        #expect(!card.contains(word), "\(word)")
      }
    }
  }

  /// What is left of the recipe can be read, and says what the configuration says.
  @Test func theRecipeIsAConfiguration() throws {
    let card = try card(step: 3, log: [], overrides: ["train.seed=9"])
    let yaml = try #require(card.components(separatedBy: "```yaml\n").last?.components(separatedBy: "```").first)
    let recipe = try PretrainingConfiguration.decode(yaml: yaml)
    let model = try TrainedModel.importing(
      fixture("hf"), overrides: ["train.batch_size=64", "train.seed=9"]
    ).model
    #expect(recipe == model.configuration)
  }

  @Test func saysWhereOthersDoOtherwise() throws {
    let card = try card(step: 0, log: [])
    #expect(card.contains("random patches unless it is given `mask_ratio=0.0`"))
    #expect(card.contains("`backend=\"pil\"`, gives the samples of `mae embed` exactly"))
    #expect(card.contains("Alpha is laid over white") && card.contains("A rotation that EXIF data asks for"))
    #expect(try self.card(step: 0, log: [], .facebook).contains("import functools\n\nimport torch\n"))
  }

  /// Whoever pastes a piece has all that it names, without looking for imports. What it then does, live tests see.
  @Test(arguments: ModelFormat.allCases, [false, true])
  func eachPieceOfPythonHasItsImports(format: ModelFormat, exif: Bool) throws {
    let card = try card(step: 0, log: [], format, overrides: ["data.exif=\(exif)"])
    let pieces = card.matches(of: /```python\n((?:.|\n)*?)```/).map { String($0.1) }
    #expect(pieces.count == (format == .facebook ? 1 : 2))
    let names = """
      import ast, builtins, sys
      nodes = list(ast.walk(ast.parse(sys.argv[1])))
      known = set(dir(builtins))
      for node in nodes:
          if isinstance(node, (ast.Import, ast.ImportFrom)):
              known |= {name.asname or name.name.split(".")[0] for name in node.names}
          if isinstance(node, ast.FunctionDef): known.add(node.name)
          if isinstance(node, ast.arg): known.add(node.arg)
          if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store): known.add(node.id)
      print(*sorted({node.id for node in nodes if isinstance(node, ast.Name)} - known))
      """
    for piece in pieces {
      let outcome = try MPILaunch.run("/usr/bin/python3", ["-c", names, piece], ranks: nil)
      #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
      #expect(outcome.output == "\n", "not imported: \(outcome.output) in \(piece)")
    }
  }

  /// How images are read and changed, each as the configuration has it.
  @Test func saysHowImagesAreTreated() throws {
    let usual = try card(step: 3, log: [])
    #expect(usual.contains("- augmentation: random crops of 0.2 to 1.0 of an image's area, half of them mirrored left"))
    #expect(!usual.contains("become 0 and 1 before mean") && !usual.contains("ImageOps"))
    let other = [
      "data.flip=both", "data.random_crop=false", "data.alpha=black", "data.exif=true", "data.sample_range=[10, 210]",
    ]
    for format in ModelFormat.allCases {
      let card = try card(step: 3, log: [], format, overrides: other)
      #expect(
        card.contains("- augmentation: whole images, half of them mirrored left to right, and half top to bottom"))
      #expect(card.contains("Alpha is laid over black") && card.contains("EXIF data asks for is carried out"))
      #expect(card.contains("Samples of 10.0 and 210.0 become 0 and 1 before mean and deviation"))
      let hasFeatures = format != .facebook
      #expect(card.contains("    image = ImageOps.exif_transpose(image)\n    image = image.convert") == hasFeatures)
      #expect(card.contains("Image.new(\"RGBA\", image.size, \"black\")") == hasFeatures)
    }
    let dropped = try card(step: 3, log: [], overrides: ["data.alpha=drop", "data.flip=none"])
    #expect(dropped.contains("Alpha is dropped, as Pillow's") && dropped.contains("    return image.convert(\"RGB\")"))
    #expect(dropped.contains("none of them mirrored"))
  }

  @Test func saysWhatIsNotKnown() throws {
    #expect(try card(step: 0, log: []).contains("No step of training was done by this program"))
    #expect(try card(step: 7, log: []).contains("the loss curve is not known"))
  }
}
