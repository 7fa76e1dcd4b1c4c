import ArgumentParser
import Configuration

struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Show or check a configuration.", subcommands: [Show.self, Check.self])

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print every key with its value and its meaning.")
    @OptionGroup var options: ConfigurationOptions

    func run() throws {
      do { print(try options.load().yaml(documented: true), terminator: "") } catch let error as ConfigurationError {
        fail("\(error)", code: 2)
      }
    }
  }

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Say whether a configuration is valid.")
    @OptionGroup var options: ConfigurationOptions

    func run() throws {
      do {
        _ = try options.load()
        print("\(options.config): valid")
      } catch let error as ConfigurationError {
        fail("\(error)", code: 2)
      }
    }
  }
}
