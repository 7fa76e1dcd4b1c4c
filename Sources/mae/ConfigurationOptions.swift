import ArgumentParser
import Configuration
import Pretraining
import Training

/// The options of every command that reads a configuration.
struct ConfigurationOptions: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("The configuration.", valueName: "FILE"))
  var config: String

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp("Override a key, for example train.epochs=10; may be given many times.", valueName: "key=value"))
  var overrides: [String] = []

  func load() throws -> PretrainingConfiguration { try load(as: PretrainingConfiguration.self) }

  func load<Told: TaskConfiguration>(as told: Told.Type) throws -> Told {
    do throws(ConfigurationError) {
      return try Told.load(file: config, overrides: overrides)
    } catch {
      guard error.kind == .unknownKey, let path = error.path,
        let mine = ConfiguredTask.allCases.first(where: { $0.told == told }),
        let others = ConfiguredTask.allCases.first(where: { $0 != mine && takes($0.told) })
      else { throw error }
      throw ConfigurationError(
        .unknownKey, at: path,
        "\(path) is no key of mae \(mine), but of mae \(others), which takes this configuration; mae config takes it with "
          + "--task \(others)",
        origin: error.origin)
    }
  }

  private func takes(_ told: any TaskConfiguration.Type) -> Bool {
    (try? told.load(file: config, overrides: overrides)) != nil
  }
}
