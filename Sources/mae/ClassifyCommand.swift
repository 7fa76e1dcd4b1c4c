import ArgumentParser
import Classification

struct ClassifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "classify",
    abstract: "Train a linear classifier on the pixels of labelled images, alone or under mpirun.",
    discussion: """
      \(RunArguments.exitCodes)

      Example: mae classify --config configs/linear_fashion_mnist.yaml --run-dir runs/linear
      """)

  @OptionGroup var arguments: RunArguments

  func run() { arguments.train(LinearClassification.self, command: "classify") }
}
