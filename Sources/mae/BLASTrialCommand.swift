import ArgumentParser
import Compute
import Training

/// What the program starts of itself to measure kernels for products.
struct BLASTrialCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: BLASKernelTrialAnswers.command, abstract: "Time matrix products on request.", shouldDisplay: false)

  /// Empty for OpenBLAS's own pick.
  @Argument var kernel: String
  @Argument var products: String

  func run() throws {
    do {
      try BLASKernelTrialAnswers.give(to: products, kernel: BLASKernelName(rawValue: kernel))
    } catch {
      fail(error)
    }
  }
}
