import ArgumentParser
import Classification
import Datasets
import Evaluation
import Files
import Imaging
import Training

extension Pooling: ExpressibleByArgument {}

struct EmbedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "embed", abstract: "Write the features that a checkpoint's encoder has of images.",
    discussion: """
      The names of the images go to FILE.txt, a line for each row; a byte of a name that cannot stand in a line is \
      written \\xHH, and so is a backslash. Where images have labels, a tab and the name of the class follow. An image \
      that cannot be used has neither row nor line, and is named on standard error. Alone or under mpirun, with the same \
      bits.

      Example: mae embed --checkpoint runs/a --data /data/val --pool patches --layer 6 --output features.safetensors
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

  @Option(
    name: .long,
    help:
      "cls: the cls token; mean: the mean of the patches' tokens; patches: these tokens, [N, L, D]; a classifier's own model.pool unless given, and cls of a pre-trained encoder."
  )
  var pool: Pooling?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Take the tokens behind block N as they are, 0 being those before the first; behind the last norm unless given, but for patches of a classifier that normalises what it has pooled.",
      valueName: "N"))
  var layer: Int?

  @Option(
    name: .long,
    help:
      "The part of the resized image's shorter side that is kept, 1 being all of it; a classifier's own validation.crop_fraction unless given, and else 0.875."
  )
  var cropFraction: Double?

  @OptionGroup var average: AverageOption

  @OptionGroup var precision: PrecisionOption

  @OptionGroup var badImages: BadImageOptions

  @Option(name: .long, help: "Threads of a process; its share of the cores unless given.")
  var threads: Int?

  func validate() throws {
    if let cropFraction, !(0.01...1).contains(cropFraction) {
      throw ValidationError("--crop-fraction is \(cropFraction); it must lie between 0.01 and 1.")
    }
    if let threads, !(1...1_000).contains(threads) {
      throw ValidationError("--threads is \(threads); ask for 1 to 1000.")
    }
  }

  func run() throws {
    withCommunicator { communicator in
      let (trained, source) = try communicator.together {
        let trained = try TrainedEncoder(checkpoint: checkpoint, average: average.isTaken)
        return (trained, try openSource(at: DataPaths(data), options: trained.configuration.decodingOptions))
      }
      let encoder = trained.frozen(in: precision.value)
      if let layer, !(0...encoder.depth).contains(layer) {
        if communicator.rank == 0 {
          say("--layer is \(layer), and the encoder has \(encoder.depth) blocks; name one from 0 to \(encoder.depth).")
        }
        return 2
      }
      let pool = pool ?? trained.ownPooling ?? .cls
      let extractor = try FeatureExtractor(
        .encoder(encoder, pool, layer: layer), of: source,
        crop: cropFraction.map(CenterCrop.init) ?? trained.ownCrop
          ?? CenterCrop(keptFraction: FeatureExtractor.usualKeptFraction),
        pool: try communicator.startThreads(threads), communicator: communicator)
      let policy = BadImagePolicy(allowedFraction: badImages.allowedFraction) { sample in
        if communicator.rank == 0 { say("left out: \(sample)") }
      }
      var metadata = ["pool": pool.rawValue, "step": "\(trained.step)"]
      if average.isTaken { metadata["weights"] = "EMA" }
      if precision.value != .fp32 { metadata["precision"] = precision.value.rawValue }
      if let layer { metadata["layer"] = "\(layer)" }
      let rows = try extractor.write(to: output, badImages: policy, metadata: metadata)
      guard communicator.rank == 0 else { return 0 }
      let shape = extractor.kind.shape.map(String.init).joined(separator: " x ")
      remark("wrote \(rows) features of \(shape) values to \(escaped(output)), names to \(escaped(output)).txt")
      badImages.warn(leftOut: source.count - rows, of: source.count)
      return 0
    }
  }
}
