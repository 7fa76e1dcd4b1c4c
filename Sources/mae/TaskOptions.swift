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

  /// The task of a configuration that says so itself: only a classifier's has these sections, linear probes' too.
  init(of file: ConfigurationFile, overrides: [String] = []) throws(ConfigurationError) {
    let own = ["finetune", "validation"]
    let keys = try file.topKeys + overrides.map { String($0.prefix { $0 != "." && $0 != "=" }) }
    self = keys.contains(where: own.contains) ? .finetune : .pretrain
  }
}

/// What a command was told by a configuration that it takes.
enum ToldTask {
  case pretrain(PretrainingConfiguration)
  case finetune(ClassificationConfiguration)

  /// - Parameters:
  ///   - file: the configuration.
  ///   - task: what it is for; nil: what its sections show.
  ///   - overrides: `key=value` over it.
  init(_ file: ConfigurationFile, as task: ConfiguredTask? = nil, overrides: [String] = []) throws(ConfigurationError) {
    let task = if let task { task } else { try ConfiguredTask(of: file, overrides: overrides) }
    switch task {
    case .pretrain: self = .pretrain(try .decode(yaml: file.text, name: file.path, overrides: overrides))
    case .finetune: self = .finetune(try .decode(yaml: file.text, name: file.path, overrides: overrides))
    }
  }

  var configuration: any TaskConfiguration {
    switch self {
    case .pretrain(let told): told
    case .finetune(let told): told
    }
  }
}

/// A configuration of any command.
struct TaskOptions: ParsableArguments {
  @Option(name: .long, help: "The command that the configuration is for; what its sections show unless given.")
  var task: ConfiguredTask?

  @OptionGroup var options: ConfigurationOptions

  func load() throws(ConfigurationError) -> ToldTask {
    try ToldTask(try ConfigurationFile(options.config), as: task, overrides: options.overrides)
  }
}
