import ArgumentParser
import Datasets
import Evaluation
import Foundation
import Imaging

struct ReconstructCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reconstruct",
    abstract: "Paint what a checkpoint makes of masked images: masked | reconstruction | original.")

  @Option(
    name: .long,
    help: ArgumentHelp("A run directory (its newest valid checkpoint) or a checkpoint.", valueName: "PATH"))
  var checkpoint: String

  @Option(name: .long, help: ArgumentHelp("Images: a folder or IDX files.", valueName: "PATH"))
  var data: String

  @Option(name: .long, help: ArgumentHelp("The PNG to write.", valueName: "FILE"))
  var output: String

  @Option(name: .long, help: "How many images, spread evenly over the data.")
  var count = 12

  @Option(name: .long, help: "Of the masks.")
  var seed: UInt64 = 0

  func validate() throws {
    guard count >= 1 else { throw ValidationError("--count is \(count); ask for at least one image.") }
  }

  func run() throws {
    do {
      let model = try TrainedModel(checkpoint: checkpoint)
      let source = try openSource(at: data)
      let result = try model.reconstruct(source, count: min(count, source.count), seed: seed)
      try result.gallery.writePNG(to: output)
      print(
        String(
          format: "step %d: loss %.4f over %d images; %.4f for painting each patch in its mean colour", model.step,
          result.loss, result.triples.count, result.meanColorLoss))
      print("wrote \(output)")
    } catch {
      fail("\(error)", code: 1)
    }
  }
}
