import ArgumentParser
import Classification
import Training

struct FinetuneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "finetune",
    abstract:
      "Train a vision transformer to tell classes apart, from a pre-trained encoder or from scratch, alone or under mpirun.",
    discussion: """
      --init-from takes a run of mae pretrain, what mae import made of others' weights, or a run of mae finetune. Without \
      it the encoder begins from scratch.

      \(RunArguments.exitCodes)

      Example: mae finetune --config configs/finetune_vit_base.yaml --init-from runs/base --run-dir runs/base-classifier
      """)

  @OptionGroup var arguments: RunArguments

  @Flag(
    help: ArgumentHelp(
      """
      Do not train: try the newest checkpoint of the run directory, or that of --resume PATH or --init-from PATH, on the \
      images of validation.path, print what comes of it, and write figures, confusion matrix and mistakes to a folder.
      """))
  var eval = false

  @Flag(
    help:
      "Choose among the classes that the validation images have: validation.only_present_classes, which they may lack.")
  var onlyPresentClasses = false

  @Flag(name: .long, help: "With --eval: print one JSON object on one line.")
  var json = false

  @Option(
    name: .long,
    help: ArgumentHelp(
      "With --eval: the folder for figures, confusion matrix and mistakes; in the run directory under evaluation/ unless given.",
      valueName: "DIR"))
  var output: String?

  func validate() throws {
    if !eval, json || output != nil {
      throw ValidationError("\(json ? "--json" : "--output") is for --eval; give both, or neither.")
    }
  }

  func run() {
    var arguments = arguments
    if onlyPresentClasses { arguments.configuration.overrides.append("validation.only_present_classes=true") }
    guard eval else { arguments.train(ImageClassification.self, command: "finetune") }
    arguments.withConfiguration(of: ImageClassification.self, command: "finetune --eval") {
      told, options, communicator in
      let judged = try JudgedClassifier(told, options: options, communicator: communicator)
      if communicator.rank == 0 { try judged.result.show(json: json, folder: output ?? judged.folder) }
      return 0
    }
  }
}
