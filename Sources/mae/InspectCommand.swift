import ArgumentParser
import Checkpoints
import Compute
import Files
import Reporting

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Verify a checkpoint and say what is inside.",
    discussion: "Example: mae inspect runs/base")

  @Argument(help: ArgumentHelp("A run directory (its newest valid checkpoint), or a checkpoint.", valueName: "PATH"))
  var path: String

  func run() throws {
    do {
      let checkpoint = try Checkpoint.open(path)
      for passedOver in checkpoint.passedOver { print("passed over: \(passedOver)") }
      let state = checkpoint.state
      print("checkpoint: \(escaped(checkpoint.path))")
      print("step: \(state.step)")
      print("epoch: \(state.epoch)")
      print("images: \(state.imagesSeen)")
      if let best = state.bestStep, let score = state.bestScore { print("best: step \(best), with \(score)") }
      if !state.dataHash.isEmpty { print("data: \(state.dataCount) images, \(state.dataHash)") }
      print("tensors: \(checkpoint.model.tensors.count)")
      print("values: \(checkpoint.model.tensors.reduce(0) { $0 + $1.elementCount })")
      if let constants = checkpoint.constants {
        print("constants: \(constants.tensors.map(\.name).joined(separator: ", "))")
      }
      print("virtual workers: \(state.virtualWorkers)")
      print(
        "written by: mae \(state.programVersion), \(ProgressFormat.count(state.worldSize, "rank")) x "
          + ProgressFormat.count(state.threads, "thread")
          + (state.blasKernel.isEmpty ? "" : ", \(BLASKernelName.description(of: state.blasKernel))"))
      if let hasEqualBits = state.hasEqualBits {
        print("bits: \(hasEqualBits ? "those of one rank" : "depend on the numbers of ranks that took the steps")")
      }
      print("parameters: \(try checkpoint.parameterHash())")
      print("optimizer: \(try checkpoint.optimizerHash())")
    } catch {
      fail(error)
    }
  }
}
