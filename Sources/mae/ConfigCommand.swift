import ArgumentParser
import Classification
import Pretraining
import Training

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
    @OptionGroup var options: TaskOptions

    func run() {
      print(loadOrFail(options).yaml(documented: true), terminator: "")
    }
  }

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say whether a run of a configuration would begin, here and on as many ranks.",
      discussion: """
        Looks at the configuration, the data (also what is evaluated on), and the memory that it takes, as the command that it is for does, which with --dry-run looks at \
        the run directory, too.

        Example: mae config check --config configs/tiny32.yaml --set data.path=/data/cifar10
        """)
    @OptionGroup var options: TaskOptions

    func run() throws {
      withCommunicator { communicator in
        let told = try communicator.together { try options.load() }
        let run =
          switch told {
          case .pretrain(let told): try Run<MaskedAutoencoding>.check(told, communicator)
          case .finetune(let told): try Run<ImageClassification>.check(told, communicator)
          }
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
    @OptionGroup var options: TaskOptions

    func run() {
      print(loadOrFail(options).virtualWorkers)
    }
  }

  private static func loadOrFail(_ options: TaskOptions) -> any TaskConfiguration {
    do { return try options.load().configuration } catch { fail("\(error)", code: 2) }
  }
}
