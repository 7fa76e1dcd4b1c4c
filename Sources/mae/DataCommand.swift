import ArgumentParser
import Compute
import Datasets
import Foundation
import Imaging

struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Look at a data set before training on it.",
    discussion: "Example: mae data check /data/photos",
    subcommands: [StatsCommand.self, CheckCommand.self])

  /// What both commands are told of the data.
  struct Options: ParsableArguments {
    @Argument(help: ArgumentHelp("What data.path takes; several are one data set.", valueName: "PATH"))
    var paths: [String]

    @Option(name: .long, help: "Channels of an image; those of the first image unless given.")
    var channels: Int?

    @Option(name: .long, help: "channels_first or channels_last, for arrays that can be read both ways.")
    var layout: ChannelOrder?

    @Option(name: .long, help: "Threads; all cores of this process unless given.")
    var threads: Int?

    func validate() throws {
      if let channels, !(1...1_000).contains(channels) {
        throw ValidationError("--channels is \(channels); an image has 1 to 1000.")
      }
      if let threads, threads < 1 { throw ValidationError("--threads is \(threads); ask for at least one.") }
    }

    func open() throws -> any ImageSource {
      try openSource(
        at: DataPaths(paths), options: DecodingOptions(channels: channels, channelOrder: layout))
    }

    var threadCount: Int { threads ?? availableCores().count }
  }
}

extension ChannelOrder: ExpressibleByArgument {}

struct StatsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats", abstract: "Mean, deviation and range of each channel, as lines for the configuration.",
    discussion: """
      Every image counts the same, however large. The numbers are the same on any number of threads.

      Example: mae data stats /data/photos
      """)

  @OptionGroup var options: DataCommand.Options

  func run() throws {
    do {
      let source = try options.open()
      let channels = try options.channels ?? usualChannels(of: source)
      guard
        let found = try DataStatistics.measure(source, channels: channels, threads: options.threadCount)
      else { fail("no image of \(options.paths.joined(separator: ", ")) can be used", code: 1) }
      let bad = found.badCount == 0 ? "" : " (\(found.badCount) others cannot be used; mae data check names them)"
      print("# \(found.imageCount) images of \(source.kind)\(bad)")
      print("# range of samples: \(list(found.channels.map { "\($0.least) to \($0.most)" }))")
      print("data:")
      print("  mean: [\(list(found.channels.map { String(format: "%.4f", $0.mean) }))]")
      print("  std: [\(list(found.channels.map { String(format: "%.4f", $0.deviation) }))]")
    } catch {
      fail(error)
    }
  }

  private func list(_ texts: [String]) -> String { texts.joined(separator: ", ") }
}

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Decode every image and list what is bad or odd; exit code 1 where one is bad.",
    discussion: "Example: mae data check /data/photos")

  @OptionGroup var options: DataCommand.Options

  @Flag(name: .long, help: "As JSON.")
  var json = false

  func run() throws {
    let check: DataCheck
    let notes: [String]
    do {
      let source = try options.open()
      notes = source.notes
      check = try DataCheck(source, threads: options.threadCount)
    } catch {
      fail(error)
    }
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      print(String(decoding: try encoder.encode(check), as: UTF8.self))
    } else {
      let kinds = check.kinds.sorted { $0.key < $1.key }.map { "\($0.value) of \($0.key)" }
      print("\(check.imageCount) images: \(kinds.joined(separator: ", "))")
      for note in notes { print(note) }
      for (title, findings) in [
        ("bad", check.bad), ("duplicated", check.duplicated), ("constant", check.constant), ("tiny", check.tiny),
        ("16 bits with few levels in use", check.fewLevels), ("oddly shaped", check.oddlyShaped),
      ] where !findings.isEmpty {
        print("\(title): \(findings.count)")
        for finding in findings { print("  \(finding.name): \(finding.what)") }
      }
    }
    if !check.bad.isEmpty { throw ExitCode(1) }
  }
}
