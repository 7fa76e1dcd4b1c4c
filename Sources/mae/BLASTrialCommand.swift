import ArgumentParser
import Training

/// What the program starts of itself to measure OpenBLAS's kernels.
struct BLASTrialCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: BLASKernelTrialAnswers.command, abstract: "Time matrix products on request.", shouldDisplay: false)

  @Argument var products: String

  func run() throws {
    do {
      try BLASKernelTrialAnswers.give(to: products)
    } catch {
      fail("\(error)", code: 1)
    }
  }
}
