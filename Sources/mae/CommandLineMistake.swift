import ArgumentParser
import Configuration
import Foundation

/// What is wrong with a command line that ArgumentParser would say less about, or nothing.
struct CommandLineMistake {
  let arguments: [String]

  /// - Parameter arguments: without the program.
  init(_ arguments: [String]) {
    self.arguments = arguments
  }

  /// A sentence about what parses and is wrong all the same.
  var hidden: String? {
    if arguments.first == "help", let unknown = path(of: arguments.dropFirst()).unknown {
      return sentence(unknownCommand: unknown)
    }
    if let word = arguments.first(where: { $0.contains(/^--[a-z-]+=~(\/|$)/) }) {
      let option = word.prefix { $0 != "=" }
      return "\(word): the shell leaves ~ as it is behind =; write \(option) \(word.dropFirst(option.count + 1))"
    }
    return nil
  }

  /// A sentence about what does not parse; nil where ArgumentParser's own will do.
  var refused: String? {
    let path = path(of: arguments[...])
    if let unknown = path.unknown { return sentence(unknownCommand: unknown) }
    if let torn = tornOverride { return torn }
    let known = options(of: path.command)
    let given = arguments.filter { $0.hasPrefix("--") && $0 != "--" }.map { String($0.prefix { $0 != "=" }) }
    guard let unknown = given.first(where: { !known.contains($0) }) else { return nil }
    let near = nearestName(to: unknown, among: known).map { "; did you mean \($0)?" } ?? "."
    return "Unknown option '\(unknown)'\(near) \(path.name) --help lists all."
  }

  private func sentence(unknownCommand name: String) -> String {
    let path = path(of: arguments.first == "help" ? arguments.dropFirst() : arguments[...])
    let names = path.command.configuration.subcommands.filter { $0.configuration.shouldDisplay }.map { Self.name($0) }
    let near = nearestName(to: name, among: names).map { "; did you mean \($0)?" } ?? "."
    return "\(path.name) has no command '\(name)'\(near) It has \(names.joined(separator: ", "))."
  }

  /// `--set a = b`, which the shell has cut into three words, or `--set data.mean=[0, 1]`.
  private var tornOverride: String? {
    for start in arguments.indices where arguments[start] == "--set" {
      let words = arguments[(start + 1)...].prefix { !$0.hasPrefix("--") }
      guard words.count > 1 else { continue }
      let together = words.joined(separator: " ")
      let whole = together.replacing(/\s*=\s*/, with: "=", maxReplacements: 1)
      return
        "--set takes key=value as one word, and the shell has cut \"\(together)\" at its spaces; write --set '\(whole)'"
    }
    return nil
  }

  /// The command that the first words name, how a user writes it, and the first word that names none below it.
  private func path(of words: ArraySlice<String>) -> (
    command: any ParsableCommand.Type, name: String, unknown: String?
  ) {
    var (command, name): (any ParsableCommand.Type, String) = (Mae.self, "mae")
    for word in words {
      if word.hasPrefix("-") || command.configuration.subcommands.isEmpty || word == "help" { break }
      guard let next = command.configuration.subcommands.first(where: { Self.name($0) == word }) else {
        return (command, name, word)
      }
      (command, name) = (next, "\(name) \(word)")
    }
    return (command, name, nil)
  }

  private static func name(_ command: any ParsableCommand.Type) -> String { command._commandName }

  /// What its help names.
  private func options(of command: any ParsableCommand.Type) -> [String] {
    Mae.helpMessage(for: command).matches(of: /--[a-z][a-z-]*/).map { String($0.output) } + ["--help"]
  }
}
