import ArgumentParser
import Configuration
import Pretraining
import Training

struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Show or check a configuration.",
    subcommands: [Show.self, Check.self, VirtualWorkers.self])

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print every key with its value and its meaning.")
    @OptionGroup var options: ConfigurationOptions

    func run() {
      print(loadOrFail(options).yaml(documented: true), terminator: "")
    }
  }

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Say whether a configuration is valid.")
    @OptionGroup var options: ConfigurationOptions

    func run() {
      _ = loadOrFail(options)
      print("\(options.config): valid")
    }
  }

  struct VirtualWorkers: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the number of virtual workers, also where the batch size decides it.",
      discussion: "A power-of-two number of ranks that divides it gives the same bits as one process.")
    @OptionGroup var options: ConfigurationOptions

    func run() {
      print(loadOrFail(options).virtualWorkers)
    }
  }

  private static func loadOrFail(_ options: ConfigurationOptions) -> PretrainingConfiguration {
    do { return try options.load() } catch { fail("\(error)", code: 2) }
  }
}
