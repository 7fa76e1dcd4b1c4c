import ArgumentParser
import Collectives
import Compute
import Configuration
import Datasets
import Files
import Foundation
import Imaging
import Planning
import Pretraining
import Reporting
import Training

extension ConfigCommand {
  struct Suggest: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write a configuration for a data set, this machine and some hours.",
      discussion: """
        Looks at some of the images, and measures for some seconds how fast this machine is, as mae plan does. Each number \
        comes with its reason; they are rules of thumb, to begin with.

        Example: mae config suggest --data /data/photos --hours 12 --output photos.yaml
        """)

    @Option(name: .long, help: ArgumentHelp("What data.path takes; may be given many times.", valueName: "PATH"))
    var data: [String]

    @Option(
      name: .long, help: ArgumentHelp("Images that are not trained on: what eval.test takes.", valueName: "PATH"))
    var test: String?

    @Option(name: .long, help: "How long training may take.")
    var hours = 12.0

    @Option(name: .long, help: "Threads that train; all cores of this process unless given.")
    var threads: Int?

    @Option(name: .long, help: "Channels of an image; those of the first image unless given.")
    var channels: Int?

    @Option(name: .long, help: "channels_first or channels_last, for arrays that can be read both ways.")
    var layout: ChannelOrder?

    @Option(
      name: .long,
      help: ArgumentHelp("The file to write; must not exist. Standard output unless given.", valueName: "FILE"))
    var output: String?

    func validate() throws {
      guard !data.isEmpty else { throw ValidationError("--data is missing; name the images.") }
      guard hours > 0, hours < 1e6 else { throw ValidationError("--hours is \(hours); give a number above 0.") }
      if let threads, !(1...1_000).contains(threads) {
        throw ValidationError("--threads is \(threads); ask for 1 to 1000.")
      }
      if let channels, !(1...1_000).contains(channels) {
        throw ValidationError("--channels is \(channels); an image has 1 to 1000.")
      }
    }

    func run() {
      do {
        // Before anything is measured.
        if let output { try requireFree(output) }
        let paths = DataPaths(data)
        let source = try openSource(
          at: paths, options: DecodingOptions(channels: channels, channelOrder: layout))
        let cores = threads ?? availableCores().count
        let before = MachineLoad.current()
        guard let profile = try DataProfile(of: source, channels: channels, threads: cores) else {
          fail("no image of \(escaped(paths.description)) can be used; mae data check says why", code: 1)
        }
        let held = test.map { DataPaths([$0]) }
        if let held {
          try openSource(at: held, options: DecodingOptions(channels: profile.channels, channelOrder: layout))
            .requireChannels(profile.channels)
        }
        let suggestion = try Suggestion(
          for: profile, path: paths.configurationNode.text, test: held?.configurationNode.text, layout: layout,
          hours: hours, cores: cores, threads: threads
        ) { try imagesPerSecond($0, threads: cores) }
        let load = before.flatMap { MachineLoad.current()?.coresOfOthers(since: $0) } ?? 0
        let text = suggestion.yaml(heading: heading(suggestion, cores: cores, load: load))
        // What is written is read back: of images like none that anyone has, it may be no configuration.
        _ = try PretrainingConfiguration.decode(yaml: text)
        guard let output else { return print(text, terminator: "") }
        try requireFree(output)
        try replaceFile(output, with: Array(text.utf8))
        remark("wrote \(escaped(output))")
      } catch {
        fail(error)
      }
    }

    /// That the file is not there yet, and can be written.
    private func requireFree(_ file: String) throws(FileError) {
      guard (try? fileKindFollowingLinks(file)) == nil else {
        fail("\(escaped(file)) exists already and is not overwritten; name another with --output", code: 2)
      }
      try requireWritableDirectory(parentDirectory(of: file))
    }

    private func heading(_ suggestion: Suggestion, cores: Int, load: Double) -> [String] {
      [
        "Suggested by mae config suggest for \(ProgressFormat.duration(hours * 3600)) on \(ProgressFormat.count(cores, "core")) of this machine.",
        "Begin with: mae pretrain --config \(output.map { escaped($0) } ?? "FILE") --run-dir runs/first",
        "What is not written here is as in the paper; mae config show --config FILE prints it all.",
      ] + [Suggestion.remark(onLoad: load, cores: cores)].compactMap(\.self)
    }

    /// What steps alone make, by the rates of this machine.
    private func imagesPerSecond(_ configuration: PretrainingConfiguration, threads: Int) throws -> Double {
      _ = try BLASKernels.open(configuration, checkpoint: nil, communicator: InProcessCommunicator())
      let rates = try MachineRates(of: configuration, threads: threads)
      let alone = ClusterDescription(
        nodes: 1, ranksPerNode: 1, threads: threads, network: Network(bitsPerSecond: 1e9, latencySeconds: 1e-5))
      return try Plan(configuration, on: alone, rates: rates, images: 1, programMegabytes: 0).imagesPerSecond
    }
  }
}
