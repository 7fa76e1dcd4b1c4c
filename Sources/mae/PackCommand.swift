import ArgumentParser
import Compute
import Datasets
import Foundation
import Imaging

struct PackCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pack", abstract: "Pack a data set into tar shards, which WebDataset and tar read too.",
    discussion: """
      Image files go in as they are, arrays and IDX files as PNG or .npy, labels as .cls. The same data gives the same bytes \
      on any number of threads, and a call that was stopped goes on behind the shards that are whole.

      Example: mae pack /data/photos --output 'shards/train-%06d.tar'
      """)

  @Argument(help: ArgumentHelp("What data.path takes; several are one data set.", valueName: "PATH"))
  var paths: [String]

  @Option(name: .long, help: ArgumentHelp("The shards, for example 'shards/train-%06d.tar'.", valueName: "PATTERN"))
  var output: String

  @Option(name: .long, help: "Resize images whose shorter side is longer to this many pixels.")
  var shorterSide: Int?

  @Option(name: .long, help: "Quality of the JPEG files that resized images of 8 bits become.")
  var quality = PackingOptions().quality

  @Option(name: .long, help: "The largest size of a shard.")
  var shardBytes = PackingOptions().shardBytes

  @Option(name: .long, help: "Channels of an image, where arrays do not say which of their dimensions those are.")
  var channels: Int?

  @Option(name: .long, help: "channels_first or channels_last, for arrays that can be read both ways.")
  var layout: ChannelOrder?

  @Option(name: .long, help: "Threads; all cores of this process unless given.")
  var threads: Int?

  func validate() throws {
    guard output.wholeMatch(of: /[^%]*%0?[0-9]*d[^%]*/) != nil, output.hasSuffix(".tar") else {
      throw ValidationError(
        "--output is \(output); it must end in .tar and have one place for the shard's number, as 'shards/train-%06d.tar'."
      )
    }
    guard (1...100).contains(quality) else { throw ValidationError("--quality is \(quality); it must be 1 to 100.") }
    if let shorterSide, shorterSide < 1 {
      throw ValidationError("--shorter-side is \(shorterSide); an image has at least one pixel.")
    }
    guard shardBytes > 0 else { throw ValidationError("--shard-bytes is \(shardBytes); it must be positive.") }
    if let threads, threads < 1 { throw ValidationError("--threads is \(threads); ask for at least one.") }
  }

  func run() throws {
    let result: PackingResult
    do {
      let source = try openSource(
        at: DataPaths(paths), options: DecodingOptions(channels: channels, channelOrder: layout))
      if let folder = output.lastIndex(of: "/").map({ String(output[..<$0]) }), !folder.isEmpty {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      }
      var options = PackingOptions()
      (options.shorterSide, options.quality, options.shardBytes) = (shorterSide, quality, shardBytes)
      options.threads = threads ?? availableCores().count
      result = try pack(source, as: { String(format: output, $0) }, options: options)
    } catch {
      fail(error)
    }
    let found = result.imagesFoundPacked == 0 ? "" : ", \(result.imagesFoundPacked) of them packed before"
    print("\(result.images + result.imagesFoundPacked) images in \(result.shards) shards\(found)")
    guard !result.bad.isEmpty else { return }
    print("left out, since they cannot be used: \(result.bad.count)")
    for bad in result.bad { print("  \(bad.reason)") }
  }
}
