import ArgumentParser
import Compute
import Configuration
import Datasets
import Files
import Foundation
import Imaging
import MaskedAutoencoder
import Pretraining

extension Masking: ExpressibleByArgument {}

struct ReconstructCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reconstruct",
    abstract: "Paint what a checkpoint makes of masked images, as one labelled PNG.",
    discussion: """
      Of each image: masked, as the model paints it, with the visible patches pasted in, and as it is. A model with \
      model.norm_pix predicts patches less their mean, in units of their deviation, and neither of the two: all patches are \
      painted with the true mean and deviation of the image, as in the paper's figures.

      Example: mae reconstruct --checkpoint runs/base --data /data/photos --output gallery.png
      """)

  @Option(
    name: .long,
    help: ArgumentHelp("A run directory (its newest valid checkpoint) or a checkpoint.", valueName: "PATH"))
  var checkpoint: String

  @Option(
    name: .long,
    help: ArgumentHelp("Images: whatever data.path takes. May be given several times.", valueName: "PATH"))
  var data: [String]

  @Option(name: .long, help: ArgumentHelp("The file to write, .png; must not exist.", valueName: "FILE"))
  var output: String

  @Option(name: .long, help: "How many images, spread evenly over the data.")
  var count = 12

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Share of the patches that is removed; as in training where it is not given.", valueName: "RATIO"))
  var maskRatio: Double?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Which patches are removed: random, block or grid; as in training where it is not given.", valueName: "NAME"))
  var masking: Masking?

  @Option(name: .long, help: "Seed of the masks.")
  var seed: UInt64 = 0

  @OptionGroup var badImages: BadImageOptions

  func validate() throws {
    guard output.lowercased().hasSuffix(".png") else {
      throw ValidationError("--output is \(output), and what is written is a PNG: give it a name that ends in .png.")
    }
    guard (try? fileKind(output)) == nil else {
      throw ValidationError("--output \(output) exists already and is not overwritten; name another.")
    }
    if let maskRatio, !(maskRatio > 0 && maskRatio < 1) {
      throw ValidationError("--mask-ratio is \(maskRatio); name a share between 0 and 1, such as 0.75.")
    }
    guard count >= 1 else { throw ValidationError("--count is \(count); ask for at least one image.") }
  }

  func run() throws {
    do {
      try Precision.fp32.openProducts()
      let model = try TrainedModel(checkpoint: checkpoint)
      let source = try openSource(at: DataPaths(data), options: model.configuration.decodingOptions)
      let count = min(count, source.count)
      let result = try model.reconstruct(
        source, count: count, maskRatio: maskRatio, masking: masking, seed: seed, badImages: badImages.policy)
      try result.gallery("After step \(model.step): images spread over the data").writePNG(to: output)
      remark(
        String(
          format: "step %d: loss %.4f over %d images; %.4f for painting each patch in its mean colour", model.step,
          result.loss, result.images.count, result.meanColorLoss))
      if model.configuration.model.normalizesPixels {
        remark("patches are shown with their true mean and deviation: model.norm_pix leaves these unpredicted")
      }
      remark("wrote \(escaped(output))")
      badImages.warn(leftOut: count - result.images.count, of: count)
    } catch {
      fail(error)
    }
  }
}
