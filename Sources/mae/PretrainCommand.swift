import ArgumentParser
import Collectives
import Foundation
import Training

struct PretrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pretrain", abstract: "Train a masked autoencoder, alone or under mpirun.",
    discussion: """
      Exit codes: 0 done; 1 failed; 2 wrong usage or configuration; 75 stopped on request after a checkpoint, run the \
      same command again to go on.
      """)

  @OptionGroup var options: ConfigurationOptions

  @Option(name: .long, help: ArgumentHelp("Where everything that the run writes goes.", valueName: "DIR"))
  var runDir: String

  @Option(
    name: .long,
    help: ArgumentHelp(
      "auto: go on from the newest valid checkpoint, if there is one; none: begin, in an empty directory; or a checkpoint.",
      valueName: "auto|none|PATH"))
  var resume = "auto"

  @Option(
    name: .long,
    help: ArgumentHelp("Begin a new run with these weights: a run directory or checkpoint.", valueName: "PATH"))
  var initFrom: String?

  @Flag(name: .long, help: "Resume although the recipe differs from the checkpoint's.")
  var allowRecipeChange = false

  @Flag(name: .long, help: "One process, statistics of every layer after every step, parameter hashes.")
  var debug = false

  func validate() throws {
    if initFrom != nil, !["auto", "none"].contains(resume) {
      throw ValidationError(
        "--init-from begins a new run and --resume \(resume) goes on with an old one; give one of them.")
    }
  }

  func run() throws {
    let loaded = Result { try options.load() }
    withCommunicator(told: statement(loaded)) { communicator in
      let configuration = try communicator.together { try loaded.get() }
      var runOptions = RunOptions(runDirectory: RunDirectory(path: runDir))
      runOptions.resume =
        switch resume {
        case "auto": .auto
        case "none": .none
        default: .checkpoint(resume)
        }
      runOptions.initialWeights = initFrom
      runOptions.allowsRecipeChange = allowRecipeChange
      runOptions.debug = debug
      let run = try Run(configuration, options: runOptions, communicator: communicator)
      switch try run.run() {
      case .completed: return 0
      case .stopped: return 75
      }
    }
  }

  /// What all ranks are to be told alike. The run directory is a path of the machine, as that of the data is.
  private func statement(_ loaded: Result<RunConfiguration, any Error>) -> StartStatement {
    StartStatement(
      options: [
        .init("command", "pretrain"), .init("--resume", resume), .init("--init-from", initFrom ?? "not given"),
        .init("--allow-recipe-change", "\(allowRecipeChange)"), .init("--debug", "\(debug)"),
      ],
      configuration: loaded)
  }
}
