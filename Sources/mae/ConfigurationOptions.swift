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
    try Told.load(file: config, overrides: overrides)
  }
}
