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
      images of validation.path, and print what comes of it.
      """))
  var eval = false

  @Flag(
    help:
      "Choose among the classes that the validation images have: validation.only_present_classes, which they may lack.")
  var onlyPresentClasses = false

  func run() {
    var arguments = arguments
    if onlyPresentClasses { arguments.configuration.overrides.append("validation.only_present_classes=true") }
    if eval {
      arguments.evaluate(ImageClassification.self, command: "finetune --eval")
    } else {
      arguments.train(ImageClassification.self, command: "finetune")
    }
  }
}
