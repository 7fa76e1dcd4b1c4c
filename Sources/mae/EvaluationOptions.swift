import ArgumentParser
import Checkpoints
import Classification
import Collectives
import Compute
import Datasets
import Evaluation
import Files
import Foundation
import Imaging
import Training

/// What the commands are told that judge a checkpoint's encoder by labelled images.
struct EvaluationOptions: ParsableArguments {
  @Option(
    name: .long, help: ArgumentHelp("A run directory (its newest valid checkpoint) or a checkpoint.", valueName: "PATH")
  )
  var checkpoint: String

  @Option(
    name: .long, parsing: .singleValue,
    help: ArgumentHelp(
      "Labelled images to learn from: whatever data.path takes; given several times, one set.", valueName: "PATH"))
  var train: [String]

  @Option(
    name: .long, parsing: .singleValue,
    help: ArgumentHelp(
      "Labelled images to be judged by. The same as --train: each image is judged by all others, where a command can do that.",
      valueName: "PATH"))
  var test: [String]

  @Option(
    name: .long,
    help:
      "cls: the cls token; mean: the mean of the patches' tokens; a classifier's own model.pool unless given, and mean of a pre-trained encoder."
  )
  var pool: VectorPooling?

  @Option(
    name: .long,
    help:
      "The part of the resized image's shorter side that is kept; a classifier's own validation.crop_fraction unless given, and else 0.875, and 1 for models of less than 96 pixels."
  )
  var cropFraction: Double?

  @OptionGroup var average: AverageOption

  @OptionGroup var precision: PrecisionOption

  @Flag(name: .long, help: "Classify raw pixels and the features of an untrained encoder too, to compare with.")
  var baselines = false

  @Flag(name: .long, help: "Print one JSON object on one line.")
  var json = false

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The folder for figures, confusion matrix and mistakes; in the run directory under evaluation/ unless given.",
      valueName: "DIR"))
  var output: String?

  @Option(name: .long, help: "Threads of a process; its share of the cores unless given.")
  var threads: Int?

  @OptionGroup var badImages: BadImageOptions

  func validate() throws {
    if let cropFraction, !(0.01...1).contains(cropFraction) {
      throw ValidationError("--crop-fraction is \(cropFraction); it must lie between 0.01 and 1.")
    }
    if let threads, !(1...1_000).contains(threads) {
      throw ValidationError("--threads is \(threads); ask for 1 to 1000.")
    }
  }
}

/// How one vector is made of an image.
enum VectorPooling: String, CaseIterable, ExpressibleByArgument {
  case cls, mean

  var pooling: Pooling {
    switch self {
    case .cls: .cls
    case .mean: .mean
    }
  }
}

/// Which weights of a classifier are taken.
struct AverageOption: ParsableArguments {
  @Flag(
    name: .customLong("ema"),
    help:
      "Take the moving average of a classifier's weights, which its run keeps with finetune.ema_decay, in their place.")
  var isTaken = false
}

/// How an encoder computes features.
struct PrecisionOption: ParsableArguments {
  @Option(
    name: .customLong("precision"),
    help:
      "fp32, or bf16: products of bfloat16 numbers, about twice as fast where the CPU has them; features differ from the third digit on."
  )
  var value = Precision.fp32
}

extension Precision: ExpressibleByArgument {}

/// An evaluation of a checkpoint by labelled images, as far as all its commands share it.
struct LabelledEvaluation {
  let options: EvaluationOptions
  let encoder: TrainedEncoder
  let pooling: Pooling
  let data: LabelledData
  let communicator: any Communicator
  let pool: WorkerPool

  /// Opens everything and finds what must be refused before any work is done. All ranks call it.
  init(_ options: EvaluationOptions, _ communicator: any Communicator) throws {
    self.options = options
    self.communicator = communicator
    pool = try communicator.startThreads(options.threads)
    let encoder = try communicator.together {
      try TrainedEncoder(checkpoint: options.checkpoint, average: options.average.isTaken)
    }
    self.encoder = encoder
    pooling = options.pool?.pooling ?? encoder.ownPooling ?? .mean
    data = try LabelledData(
      train: DataPaths(options.train), test: DataPaths(options.test), decoding: encoder.configuration.decodingOptions,
      communicator: communicator)
    let data = data
    try communicator.together { _ = try data.classes() }
  }

  var crop: CenterCrop { options.cropFraction.map(CenterCrop.init) ?? usualCrop }

  private var usualCrop: CenterCrop { encoder.ownCrop ?? .usual(for: encoder.configuration.imageShape) }

  /// What is classified, the model's own features first, each with what people call it.
  var kinds: [(name: String, kind: FeatureKind)] {
    let own = ("encoder", FeatureKind.encoder(encoder.frozen(in: options.precision.value), pooling))
    guard options.baselines else { return [own] }
    let pixels = encoder.configuration.imageInput.shrunk(toValues: Self.mostPixelValues)
    return [
      own, ("raw pixels \(pixels.shape.height) x \(pixels.shape.width)", .pixels(pixels)),
      ("untrained encoder", .encoder(encoder.untrained.frozen(in: options.precision.value), pooling)),
    ]
  }

  /// Raw pixels of a larger image are those of a smaller one.
  private static let mostPixelValues = 4096

  /// The features of both sets, and the classes of the images that have some. All ranks call it.
  func features(
    _ kind: (name: String, kind: FeatureKind)
  ) throws -> (sets: (train: FeatureSet, test: FeatureSet), classes: ClassMatch) {
    let start = ContinuousClock.now
    let sets = try data.features(
      kind.kind, crop: crop, pool: pool, badImages: policy, communicator: communicator)
    let classes = try communicator.together { try data.classes(of: sets) }
    let count = sets.train.count + (data.isLeaveOneOut ? 0 : sets.test.count)
    note("\(kind.name): features of \(count) images", since: start)
    return (sets, classes)
  }

  private var policy: BadImagePolicy {
    BadImagePolicy(allowedFraction: options.badImages.allowedFraction) { sample in
      if communicator.rank == 0 { say("left out: \(sample)") }
    }
  }

  /// Says on rank 0, on standard error, what has been done and how long it took.
  func note(_ what: String, since start: ContinuousClock.Instant) {
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    if communicator.rank == 0 { say("\(what): \(String(format: "%.1f", seconds)) s") }
  }

  /// What every result of this checkpoint and data says of itself.
  ///
  /// - Parameter own: what the evaluation has to add.
  func facts(
    _ sets: (train: FeatureSet, test: FeatureSet), _ classes: ClassMatch, own: [(name: String, value: ResultValue)]
  ) -> [(name: String, value: ResultValue)] {
    let train = data.isLeaveOneOut ? "the same" : escaped(data.paths.train)
    var facts: [(name: String, value: ResultValue)] = []
    if options.average.isTaken { facts.append(("weights", .text("EMA"))) }
    let common: [(name: String, value: ResultValue)] = [
      ("checkpoint", .text(escaped(options.checkpoint))), ("step", .count(encoder.step)),
      ("pool", .text(pooling.rawValue)), ("crop fraction", .number(crop.keptFraction)),
      ("precision", .text(options.precision.value.rawValue)),
      ("test", .text("\(sets.test.count) images of \(escaped(data.paths.test))")),
      ("train", .text("\(sets.train.count) images: \(train)")), ("classes", .count(classes.classNames.count)),
    ]
    return facts + common + own
  }

  func notes(_ sets: (train: FeatureSet, test: FeatureSet), _ classes: ClassMatch) -> [String] {
    var notes = classes.notes
    let leftOut = sets.train.leftOut.count + (data.isLeaveOneOut ? 0 : sets.test.leftOut.count)
    if leftOut > 0 { notes.append("\(leftOut) images cannot be used and were left out") }
    let shape = encoder.configuration.imageShape
    for source in [data.train, data.test] {
      guard let found = source.shape, found.height != shape.height || found.width != shape.width else { continue }
      notes.append(
        "images of \(found.height) x \(found.width) were resized to the \(shape.height) x \(shape.width) of the model")
      break
    }
    return notes
  }

  /// Prints a result and writes it to its folder; on rank 0.
  ///
  /// - Parameters:
  ///   - result: of one evaluation.
  ///   - name: of the evaluation, in the folder's name.
  ///   - settings: of the evaluation, with what was asked for of each; nothing where that is the usual.
  func show(_ result: EvaluationResult, name: String, settings: [(name: String, values: [Double])]) throws {
    guard communicator.rank == 0 else { return }
    guard let folder = options.output ?? standardFolder(name, settings) else {
      print(options.json ? try result.json() : result.table)
      say("no folder was written: \(escaped(options.checkpoint)) is in no run directory; name one with --output")
      return
    }
    try result.show(json: options.json, folder: folder)
  }

  /// A folder of the run directory that the checkpoint is in: another one for other data, another step and other settings.
  private func standardFolder(_ name: String, _ settings: [(name: String, values: [Double])]) -> String? {
    guard let run = runDirectory else { return nil }
    let step = String(format: "%08d", encoder.step)
    var marks: [String] = []
    if options.average.isTaken { marks.append("ema") }
    if options.precision.value != .fp32 { marks.append(options.precision.value.rawValue) }
    if crop.keptFraction != usualCrop.keptFraction { marks.append("crop-\(Self.text(crop.keptFraction))") }
    for (setting, values) in settings where !values.isEmpty {
      marks.append("\(setting)-\(values.map(Self.text).joined(separator: "-"))")
    }
    if options.baselines { marks.append("baselines") }
    let mark = Self.short(marks.map { "-\($0)" }.joined())
    return RunDirectory(path: run).evaluation("\(name)-\(pooling.rawValue)\(mark)-step-\(step)-\(data.identity)")
  }

  /// A whole number without its point.
  private static func text(_ value: Double) -> String { Int(exactly: value).map(String.init) ?? "\(value)" }

  /// A part of a file's name that is no longer than such a name can be: of a longer one some hexadecimal digits (FNV-1a).
  private static func short(_ mark: String) -> String {
    guard mark.utf8.count > 120 else { return mark }
    let hash = mark.utf8.reduce(14_695_981_039_346_656_037 as UInt64) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
    return "-" + String(hash, radix: 16)
  }

  private var runDirectory: String? {
    var folder = URL(filePath: options.checkpoint).standardizedFileURL
    for _ in 0..<3 {
      let isRun = (try? fileKindFollowingLinks(folder.appending(path: "checkpoints").path)) == .directory
      if isRun { return folder.path }
      folder.deleteLastPathComponent()
    }
    return nil
  }
}

extension EvaluationResult {
  /// Prints it, and writes its files to a folder.
  func show(json: Bool, folder: String) throws {
    print(json ? try self.json() : table)
    try write(to: folder)
    say("wrote \(escaped(folder))")
  }
}

extension Communicator {
  /// The threads of this rank: as many as were asked for, or its share of the cores. All ranks call it.
  func startThreads(_ asked: Int?) throws -> WorkerPool {
    let share = try shareOfCores(self)
    return try together { try WorkerPool(count: asked ?? share) }
  }
}
