import ArgumentParser
import Classification
import Collectives
import Compute
import Configuration
import Diagnosis
import Files
import Foundation
import Pretraining
import Training

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Look at this machine, or under mpirun at all hosts, before anything is trained.",
    discussion: """
      Each line says ok, warning or failure, and what to do. Under mpirun, or with launch/cluster --check, the host that is \
      unlike the others is named. Exit code 1 where training would fail.

      Example: mae doctor --config configs/vit_base.yaml --run-dir runs/base
      """)

  @Option(
    name: .long,
    help: ArgumentHelp("Also look at the data, the memory and the disk space of such a run.", valueName: "FILE"))
  var config: String?

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp("Override a key of it; may be given many times.", valueName: "key=value"))
  var overrides: [String] = []

  @Option(name: .long, help: "The command that it is for; what its sections show unless given.")
  var task: ConfiguredTask?

  @Option(name: .long, help: ArgumentHelp("Also look at where a run would write.", valueName: "DIR"))
  var runDir: String?

  @Flag(name: .long, help: "Print one JSON object.")
  var json = false

  func validate() throws {
    if config == nil, !overrides.isEmpty { throw ValidationError("--set overrides a key of --config FILE; give both.") }
    if config == nil, task != nil { throw ValidationError("--task says what --config FILE is for; give both.") }
    if let runDir, runDir.isEmpty { throw ValidationError("--run-dir is empty; name a folder.") }
  }

  func run() throws {
    let environment = ProcessInfo.processInfo.environment
    if let trouble = Doctor.launchTrouble(environment: environment) {
      // All tasks of srun have found the same.
      if environment["SLURM_PROCID"] ?? "0" == "0" { show(trouble) }
      throw ExitCode(1)
    }
    let watch = try watchTheStart(environment)
    // Programs may differ: that is for the doctor to say.
    withCommunicator(told: StartStatement([.init("command", "doctor")])) { communicator in
      watch?.meet()
      let told = try communicator.together { try config.map(load) }
      var doctor = Doctor(communicator, program: "mae \(programDescription)")
      doctor.runDirectory = runDir
      let diagnosis =
        switch told {
        case nil: try doctor.examine()
        case .pretrain(let told): try doctor.examine(MaskedAutoencoding.self, told)
        case .finetune(let told): try doctor.examine(ImageClassification.self, told)
        }
      if communicator.rank == 0 { show(diagnosis) }
      return diagnosis.hasFailed ? 1 : 0
    }
  }

  /// A command that is named refuses the configuration of another as it does when it trains.
  private func load(_ file: String) throws -> ToldTask {
    guard let task else { return try ToldTask(try ConfigurationFile(file), overrides: overrides) }
    var options = ConfigurationOptions()
    (options.config, options.overrides) = (file, overrides)
    switch task {
    case .pretrain: return .pretrain(try options.load())
    case .finetune: return .finetune(try options.load(as: ClassificationConfiguration.self))
    }
  }

  private func show(_ diagnosis: Diagnosis) {
    guard json else { return print(diagnosis.text) }
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let text = try? encoder.encode(diagnosis) else { preconditionFailure("a diagnosis is numbers and text") }
    print(String(decoding: text, as: UTF8.self))
  }

  /// Ranks that cannot reach each other wait inside MPI for ever.
  private func watchTheStart(_ environment: [String: String]) throws -> Deadline? {
    guard case .launched = LaunchEnvironment(environment) else { return nil }
    let seconds = 60.0
    return try Deadline(seconds: seconds) {
      let host = InProcessCommunicator().hostName
      fail(
        "on host \(host): the ranks have not found each other within \(Int(seconds)) s. \(Doctor.networkAdvice())",
        code: 1)
    }
  }
}

/// What the doctor starts of this program to see whether two ranks of this host find each other.
struct ExchangeTrialCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: ExchangeTrial.command, abstract: "Exchange messages with the other ranks.", shouldDisplay: false)

  func run() throws {
    withCommunicator { communicator in
      let exchange = try Exchange(communicator)
      if communicator.rank == 0 { print(String(decoding: try JSONEncoder().encode(exchange), as: UTF8.self)) }
      return 0
    }
  }
}
