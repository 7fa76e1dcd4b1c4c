import ArgumentParser
import Collectives
import Configuration
import Files
import Training

/// The options of every command that trains something.
struct RunArguments: ParsableArguments {
  @OptionGroup var configuration: ConfigurationOptions

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

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Record what every thread does in so many steps and write a trace into the run directory; ui.perfetto.dev opens it.",
      valueName: "STEPS"))
  var profile: Int?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Keep a file with the run's numbers for Prometheus's node exporter, whose textfile collector reads *.prom.",
      valueName: "FILE.prom"))
  var metrics: String?

  @Flag(
    name: .long,
    help:
      "Look at everything that the run would need (configuration, data, memory, weights, disk space) and train nothing."
  )
  var dryRun = false

  /// What `discussion` says of them all.
  static let exitCodes = """
    Exit codes: 0 done; 1 failed; 2 wrong usage or configuration; 75 stopped on request after a checkpoint, run the \
    same command again to go on.
    """

  func validate() throws {
    if runDir.isEmpty { throw ValidationError("--run-dir is empty; name a folder.") }
    if let profile, !(1...10_000).contains(profile) {
      throw ValidationError("--profile is \(profile); record 1 to 10000 steps.")
    }
    if let metrics, !metrics.hasSuffix(".prom") {
      throw ValidationError("--metrics is \(metrics); node exporter reads files that end in .prom, so name one.")
    }
    if initFrom != nil, !["auto", "none"].contains(resume) {
      throw ValidationError(
        "--init-from begins a new run and --resume \(resume) goes on with an old one; give one of them.")
    }
  }

  /// Trains a task, and ends the process.
  ///
  /// - Parameters:
  ///   - task: what is trained.
  ///   - command: its name, which all ranks are to be told alike.
  func train<Task: TrainingTask>(_ task: Task.Type, command: String) -> Never {
    listenForStopRequests()
    withConfiguration(of: task, command: command) { told, options, communicator in
      if dryRun {
        let run = try Run<Task>.check(told, options: options, communicator)
        if communicator.rank == 0 { print("\(escaped(configuration.config)): valid; \(run)") }
        return 0
      }
      switch try Run<Task>(told, options: options, communicator: communicator).run() {
      case .completed: return 0
      case .stopped: return 75
      }
    }
  }

  /// Loads the configuration of a task, compares with the other ranks what each was told, and ends the process with what `body`
  /// returns.
  func withConfiguration<Task: TrainingTask>(
    of task: Task.Type, command: String,
    _ body: (Task.Configuration, RunOptions, any Communicator) throws -> Int32
  ) -> Never {
    let loaded = Result { try configuration.load(as: Task.Configuration.self) }
    withCommunicator(told: statement(command, loaded.map(\.entries))) { communicator in
      let told = try communicator.together { try loaded.get() }
      var options = RunOptions(runDirectory: RunDirectory(path: runDir))
      options.resume =
        switch resume {
        case "auto": .auto
        case "none": .none
        default: .checkpoint(resume)
        }
      options.program = programDescription
      options.initialWeights = initFrom
      options.allowsRecipeChange = allowRecipeChange
      options.debug = debug
      options.profiledSteps = profile
      options.metricsFile = metrics
      return try body(told, options, communicator)
    }
  }

  /// What all ranks are to be told alike. The run directory is a path of the machine, as that of the data is.
  private func statement(
    _ command: String, _ entries: Result<[ConfigurationEntry], any Error>
  ) -> StartStatement {
    StartStatement(
      options: [
        .init("command", command), .init("--resume", resume), .init("--init-from", initFrom ?? "not given"),
        .init("--allow-recipe-change", "\(allowRecipeChange)"), .init("--debug", "\(debug)"),
        .init("--dry-run", "\(dryRun)"), .init("--profile", profile.map(String.init) ?? "not given"),
      ],
      entries: entries)
  }
}
