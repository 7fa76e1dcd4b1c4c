import ArgumentParser
import Classification
import Collectives
import Configuration
import Pretraining
import Training

/// What a configuration can be for: the command that takes it.
enum ConfiguredTask: String, CaseIterable, ExpressibleByArgument {
  case pretrain, finetune

  /// What the command is told.
  var told: any TaskConfiguration.Type {
    switch self {
    case .pretrain: PretrainingConfiguration.self
    case .finetune: ClassificationConfiguration.self
    }
  }
}

private struct TaskOptions: ParsableArguments {
  @Option(name: .long, help: "The command that the configuration is for.")
  var task = ConfiguredTask.pretrain

  @OptionGroup var options: ConfigurationOptions

  func load() throws -> any TaskConfiguration { try options.load(as: task.told) }

  func check(_ communicator: any Communicator) throws -> String {
    switch task {
    case .pretrain: try check(MaskedAutoencoding.self, communicator)
    case .finetune: try check(ImageClassification.self, communicator)
    }
  }

  private func check<Task: TrainingTask>(_ task: Task.Type, _ communicator: any Communicator) throws -> String {
    let configuration = try communicator.together { try options.load(as: Task.Configuration.self) }
    return try Run<Task>.check(configuration, communicator)
  }
}

struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Find, check and compare configurations.",
    discussion: "Example: mae config show --config configs/tiny32.yaml",
    subcommands: [
      List.self, Copy.self, Suggest.self, Show.self, Check.self, Diff.self, Schema.self, VirtualWorkers.self,
    ])

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print every key with its value and its meaning.",
      discussion: "Example: mae config show --config configs/tiny32.yaml --set train.epochs=100")
    @OptionGroup private var options: TaskOptions

    func run() {
      print(loadOrFail(options).yaml(documented: true), terminator: "")
    }
  }

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say whether a run of a configuration would begin, here and on as many ranks.",
      discussion: """
        Looks at the configuration, the data, and the memory that it takes, as the command that it is for does, which with --dry-run looks at \
        the run directory, too.

        Example: mae config check --config configs/tiny32.yaml --set data.path=/data/cifar10
        """)
    @OptionGroup private var options: TaskOptions

    func run() throws {
      withCommunicator { communicator in
        let run = try options.check(communicator)
        if communicator.rank == 0 { print("\(options.options.config): valid; \(run)") }
        return 0
      }
    }
  }

  struct VirtualWorkers: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the number of virtual workers, also where the batch size decides it.",
      discussion: """
        A power-of-two number of ranks that divides it gives the same bits as one process.

        Example: mae config virtual-workers --config configs/vit_base.yaml
        """)
    @OptionGroup private var options: TaskOptions

    func run() {
      print(loadOrFail(options).virtualWorkers)
    }
  }

  private static func loadOrFail(_ options: TaskOptions) -> any TaskConfiguration {
    do { return try options.load() } catch { fail("\(error)", code: 2) }
  }
}
