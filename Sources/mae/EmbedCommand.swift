import ArgumentParser
import Compute
import Datasets
import Evaluation
import Files

extension Pooling: ExpressibleByArgument {}

struct EmbedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "embed", abstract: "Write the features that a checkpoint's encoder has of images.",
    discussion: """
      The names of the images go to FILE.txt, a line for each row; a byte of a name that cannot stand in a line is \
      written \\xHH, and so is a backslash. An image that cannot be used has neither row nor line, and is named on \
      standard error.

      Example: mae embed --checkpoint runs/base --data /data/photos --output features.npy
      """)

  @Option(
    name: .long, help: ArgumentHelp("A run directory (its newest valid checkpoint) or a checkpoint.", valueName: "PATH")
  )
  var checkpoint: String

  @Option(
    name: .long, help: ArgumentHelp("Images: whatever data.path takes. May be given several times.", valueName: "PATH"))
  var data: [String]

  @Option(
    name: .long, help: ArgumentHelp("The file to write, .safetensors or .npy; must not exist.", valueName: "FILE"))
  var output: String

  @Option(name: .long, help: "cls: the cls token; mean: the mean of the patches' tokens.")
  var pool = Pooling.cls

  @Option(name: .long, help: "The part of the resized image's shorter side that is kept; 1 keeps all of it.")
  var cropFraction = Embedder.usualKeptFraction

  @OptionGroup var badImages: BadImageOptions

  @Option(name: .long, help: "Threads; all cores of this process unless given.")
  var threads: Int?

  func validate() throws {
    guard cropFraction > 0, cropFraction <= 1 else {
      throw ValidationError("--crop-fraction is \(cropFraction); it must lie above 0 and be at most 1.")
    }
    if let threads, !(1...1_000).contains(threads) {
      throw ValidationError("--threads is \(threads); ask for 1 to 1000.")
    }
  }

  func run() throws {
    do {
      let model = try TrainedModel(checkpoint: checkpoint)
      let source = try openSource(at: DataPaths(data), options: model.configuration.decodingOptions)
      let embedder = try Embedder(
        model, source: source, pooling: pool, keptFraction: cropFraction, threads: threads ?? availableCores().count)
      let rows = try embedder.write(to: output, badImages: badImages.policy)
      remark(
        "wrote \(rows) features of \(embedder.width) values to \(escaped(output)), names to \(escaped(output)).txt")
      badImages.warn(leftOut: source.count - rows, of: source.count)
    } catch let error as FeatureError {
      fail("\(error)", code: 2)
    } catch {
      fail("\(error)", code: 1)
    }
  }
}
