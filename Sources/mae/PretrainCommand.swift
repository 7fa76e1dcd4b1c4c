import ArgumentParser
import Pretraining

struct PretrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pretrain", abstract: "Train a masked autoencoder, alone or under mpirun.",
    discussion: """
      \(RunArguments.exitCodes)

      Example: mae pretrain --config configs/tiny32.yaml --set data.path=/data/cifar10 --run-dir runs/tiny
      """)

  @OptionGroup var arguments: RunArguments

  func run() { arguments.train(MaskedAutoencoding.self, command: "pretrain") }
}
