import Foundation
import Imaging
import MaskedAutoencoder
import Pretraining
import Reporting
import VisionTransformer

/// A recipe for a data set, this machine and some hours, with a reason for each of its numbers.
///
/// The rules are rules of thumb: they come from the paper's recipe (He et al. 2022, Table 8), scaled to fewer images, smaller
/// ones, and less time.
public struct Suggestion {
  /// What is written above a key.
  public struct Line: Sendable {
    let section: String
    let key: String
    let value: String
    let reason: String
  }

  public private(set) var configuration = PretrainingConfiguration()
  public private(set) var lines: [Line] = []
  /// Of the whole schedule.
  public private(set) var predictedSeconds = 0.0

  /// The models to choose from, smallest first.
  static let ladder: [(name: String, encoder: TransformerConfiguration, decoder: TransformerConfiguration)] = [
    ("a small ViT", .init(width: 96, depth: 4, heads: 3), .init(width: 64, depth: 2, heads: 4)),
    ("a third of ViT-T", .init(width: 192, depth: 4, heads: 3), .init(width: 96, depth: 2, heads: 4)),
    ("half of ViT-T", .init(width: 192, depth: 6, heads: 3), .init(width: 96, depth: 2, heads: 4)),
    ("ViT-T", .init(width: 192, depth: 12, heads: 3), .init(width: 128, depth: 4, heads: 4)),
    ("ViT-S", .init(width: 384, depth: 12, heads: 6), .init(width: 256, depth: 4, heads: 8)),
    ("ViT-B", .init(width: 768, depth: 12, heads: 12), .init(width: 512, depth: 8, heads: 16)),
    ("ViT-L", .init(width: 1024, depth: 24, heads: 16), .init(width: 512, depth: 8, heads: 16)),
  ]

  /// What a masked autoencoder needs before its features are worth much, and what still helps in the paper's Figure 7.
  static let (fewestEpochs, mostEpochs) = (100.0, 1600.0)
  /// Less suffices where the encoder sees this many patches for each parameter, in at least so many epochs. On Fashion-MNIST a
  /// model four times as large was as good as a smaller one, in the same time, after two patches for each parameter.
  static let (patchesPerParameter, fewestEpochsOfMany) = (5.0, 15.0)
  /// On Fashion-MNIST, where 31 % of the patches have one colour, targets in units of the patch's own deviation still gave better
  /// features: 81.2 % by k-NN in the place of 79.9 %, and as good ones by logistic regression, 84.7 and 84.9 %. Where most are so, what is left of the loss is noise.
  static let mostFlatShare = 0.5
  /// The share of the time that steps get; the rest goes to starting, checkpoints and evaluation.
  static let trainingShare = 0.9

  /// - Parameters:
  ///   - path: of the data, as it is to stand in the configuration.
  ///   - test: of images that are not trained on, as it is to stand there; nil for none.
  ///   - layout: of the data's arrays, where it was asked for.
  ///   - cores: that train.
  ///   - threads: that train, where they were asked for.
  ///   - imagesPerSecond: what this machine makes of a configuration's steps.
  public init(
    for data: DataProfile, path: String, test: String? = nil, layout: ChannelOrder? = nil, hours: Double, cores: Int,
    threads: Int? = nil, imagesPerSecond: (PretrainingConfiguration) throws -> Double
  ) throws {
    (configuration.data.layout, configuration.parallel.threads) = (layout, threads)
    chooseImage(data)
    chooseBatch(data, most: 4096, cores: cores)
    try chooseModel(data, hours: hours, cores: cores, imagesPerSecond)
    if let batch = batchForEnoughSteps(data) {
      chooseBatch(data, most: batch, cores: cores)
      try chooseModel(data, hours: hours, cores: cores, imagesPerSecond)
    }
    chooseRate()
    describe(data, path: path, test: test, cores: cores, hours: hours)
  }

  // MARK: The image and its patches

  private mutating func chooseImage(_ data: DataProfile) {
    let size = Self.imageSize(data)
    let patch = Self.patchSize(shorterSide: min(size.height, size.width))
    configuration.model.patchSize = patch
    configuration.model.imageSize = GridSize(
      height: max(2, size.height / patch) * patch, width: max(2, size.width / patch) * patch)
    configuration.model.channels = data.channels
    (configuration.data.mean, configuration.data.deviation) = (
      data.mean.map { Self.rounded($0, digits: 3) }, data.deviation.map { max(0.001, Self.rounded($0, digits: 3)) }
    )
    configuration.model.normalizesPixels = data.flatShare < Self.mostFlatShare
    switch min(size.height, size.width) {
    case ..<32: configuration.data.cropScale = [0.7, 1]
    case ..<49: configuration.data.cropScale = [0.5, 1]
    default: break
    }
  }

  /// As they are where they are small and equal; else a square no larger than most of them, and than the paper's.
  static func imageSize(_ data: DataProfile) -> GridSize {
    if let common = data.commonSize, max(common.height, common.width) <= 224 { return common }
    let side = [224, 192, 160, 128, 96, 64, 48, 32].first { $0 <= data.shorterSide } ?? data.shorterSide
    return GridSize(height: side, width: side)
  }

  /// Some seven to fourteen patches along a side: fewer leave too little to see, more cost too much.
  static func patchSize(shorterSide: Int) -> Int {
    switch shorterSide {
    case ..<16: 2
    case ..<49: 4
    case ..<113: 8
    default: 16
    }
  }

  // MARK: The batch

  /// Below it a run ends before it has learned much, however large its batches are.
  static let fewestSteps = 2000
  /// The smallest batch that is worth the time of its steps.
  static let smallestBatch = 16

  /// What makes enough steps of the epochs that there is time for; nil where the batch is small enough.
  private func batchForEnoughSteps(_ data: DataProfile) -> Int? {
    let most = max(Self.smallestBatch, configuration.train.epochs * data.count / Self.fewestSteps)
    return most < configuration.train.batchSize ? most : nil
  }

  private mutating func chooseBatch(_ data: DataProfile, most: Int, cores: Int) {
    var batch = 64
    while batch < 4096, batch * 2 <= data.count / 200 { batch *= 2 }
    while batch > most { batch /= 2 }
    while batch > 1, batch > data.count { batch /= 2 }
    var workers = 1
    while workers < cores || batch / workers > 32 { workers *= 2 }
    while workers > 1, batch / workers < 8 { workers /= 2 }
    configuration.train.batchSize = batch
    configuration.parallel.virtualWorkers = workers
    configuration.data.decodeThreads = max(1, cores / 2)
  }

  // MARK: The model and its epochs

  private var modelName = ""
  private var modelReason = ""
  /// Whether the model sees enough in the time.
  private var hasEnoughTime = false

  /// The largest model that sees enough in the time, and has few parameters beside the data's values.
  private mutating func chooseModel(
    _ data: DataProfile, hours: Double, cores: Int, _ imagesPerSecond: (PretrainingConfiguration) throws -> Double
  ) throws {
    modelName = ""
    let seconds = hours * 3600 * Self.trainingShare
    let values = Double(data.count) * Double(configuration.model.imageValues)
    for (name, encoder, decoder) in Self.ladder {
      var larger = configuration
      (larger.model.encoder, larger.model.decoder) = (encoder, decoder)
      let parameters = Double(MaskedAutoencoder(larger.model).table.parameterCount)
      if !modelName.isEmpty, parameters > values / 4 {
        modelReason += "; \(name) would have more parameters than a quarter of the values in the images"
        break
      }
      let gain = try choosePrecision(&larger, imagesPerSecond)
      // Decoding takes cores from the steps.
      let step = 1 / gain.imagesPerSecond
      let rate = 1 / (step + data.secondsPerImage / Double(cores))
      let epochs = seconds * rate / Double(data.count)
      let patches = epochs * Double(data.count) * Double(larger.model.visibleCount)
      let isEnough =
        epochs >= Self.fewestEpochs
        || epochs >= Self.fewestEpochsOfMany && patches >= Self.patchesPerParameter * parameters
      if !modelName.isEmpty, !isEnough {
        modelReason += "; \(name) would see all images only \(Int(epochs)) times"
        break
      }
      configuration = larger
      precisionReason = gain.reason
      (modelName, hasEnoughTime) = (name, isEnough)
      modelReason = "\(name), about \(Self.readable(rate)) images a second here"
      configuration.train.epochs = Int(min(Self.mostEpochs, max(1, epochs)))
      predictedSeconds = Double(configuration.train.epochs * data.count) / rate
    }
    configuration.train.warmupEpochs = Self.rounded(min(40, 0.05 * Double(configuration.train.epochs)), digits: 2)
    configuration.checkpoint.everyEpochs = max(1, configuration.train.epochs / 20)
  }

  private var precisionReason = ""
  /// How many times as fast a step must be in bfloat16 to be worth bits that no other kind of CPU has.
  static let worthwhileGain = 1.2

  /// bfloat16 where this machine gains by it.
  private func choosePrecision(
    _ configuration: inout PretrainingConfiguration, _ imagesPerSecond: (PretrainingConfiguration) throws -> Double
  ) throws -> (imagesPerSecond: Double, reason: String) {
    configuration.train.precision = .fp32
    let exact = try imagesPerSecond(configuration)
    configuration.train.precision = .bf16
    let mixed = try imagesPerSecond(configuration)
    let gain = String(format: "%.1f", mixed / exact)
    guard mixed >= Self.worthwhileGain * exact else {
      configuration.train.precision = .fp32
      return (exact, "the same bits on any kind of CPU; bf16 would be \(gain) times as fast on this one")
    }
    return (
      mixed, "\(gain) times as fast as fp32 here; its bits belong to this kind of CPU, where fp32's are the same on any"
    )
  }

  // MARK: The learning rate

  /// The paper's peak, 2.4e-3 at 4096 images, taken down with the square root of the batch: the length of AdamW's steps does
  /// not depend on the gradient's, so that the linear rule starves small batches. A step changes a product of matrices by as
  /// much as they are wide, so that narrow models take larger ones (Yang et al. 2022, "Tensor Programs V").
  private mutating func chooseRate() {
    let batch = Double(configuration.train.batchSize)
    let width = Double(configuration.model.encoder.width)
    let peak = 2.4e-3 * (batch / 4096).squareRoot() * max(1, 768 / width)
    configuration.train.baseLearningRate = Self.rounded(peak * 256 / batch, digits: 2)
  }

  /// To so many significant digits.
  static func rounded(_ value: Double, digits: Int) -> Double { Double(String(format: "%.\(digits)g", value))! }

  private static func readable(_ value: Double) -> String { ProgressFormat.measure(value) }

  // MARK: The reasons

  private mutating func describe(
    _ data: DataProfile, path: String, test: String?, cores: Int, hours: Double
  ) {
    let (model, train) = (configuration.model, configuration.train)
    let batch = train.batchSize
    func line(_ section: String, _ key: String, _ value: String, _ reason: String) {
      lines.append(Line(section: section, key: key, value: value, reason: reason))
    }
    let entries = Dictionary(
      configuration.entries.map { ($0.path.description, $0.value) }, uniquingKeysWith: { first, _ in first })
    func add(_ section: String, _ key: String, _ reason: String) {
      line(section, key, entries["\(section).\(key)"]!, reason)
    }
    let size =
      data.commonSize.map { "all images are \($0.height) x \($0.width)" }
      ?? "the shorter side of half of the images is \(data.shorterSide) or more"
    let isTheirs = data.commonSize == model.imageSize
    add("model", "image_size", size + (isTheirs ? "" : "; they are cropped and resized to this"))
    add(
      "model", "patch_size",
      "\(model.grid.height) x \(model.grid.width) patches, of which the encoder sees \(model.visibleCount)")
    add("model", "channels", data.channels == 1 ? "grey" : "what the images have")
    add(
      "model", "norm_pix",
      model.normalizesPixels
        ? "targets in units of each patch's own deviation: better features, says the paper"
        : "\(Int((100 * data.flatShare).rounded())) % of all patches have one colour, and no deviation to be measured in"
    )
    line(
      "model", "encoder",
      "{width: \(model.encoder.width), depth: \(model.encoder.depth), heads: \(model.encoder.heads)}", modelReason)
    line(
      "model", "decoder",
      "{width: \(model.decoder.width), depth: \(model.decoder.depth), heads: \(model.decoder.heads)}",
      "narrower and shallower than the encoder; it is thrown away in the end")
    line("data", "path", path, "\(data.count) images of \(data.kind)")
    if configuration.data.layout != nil { add("data", "layout", "as it was asked for") }
    add("data", "mean", "measured")
    add("data", "std", "measured")
    add(
      "data", "crop_scale",
      configuration.data.cropScale[0] == 0.2
        ? "the paper's" : "less of an image this small would be a few pixels, blown up")
    add("data", "workers", "decoding an image takes \(Self.readable(1e3 * data.secondsPerImage)) ms of a core")
    let steps = data.count / batch
    add(
      "train", "batch_size",
      "\(ProgressFormat.count(steps, "step")) an epoch, \(steps * train.epochs) in all; the paper has 312 an epoch, with 4096 images each"
    )
    add(
      "train", "epochs",
      "about \(ProgressFormat.duration(predictedSeconds)) on \(ProgressFormat.count(cores, "core"))"
        + (predictedSeconds > hours * 3600 ? ", which is more than there is" : "")
        + (!hasEnoughTime
          ? "; good features take some hundred: give it more time"
          : Double(train.epochs) >= Self.mostEpochs ? "; more did not help in the paper" : ""))
    add("train", "precision", precisionReason)
    add("train", "warmup_epochs", "a twentieth of the epochs, and 40 at most, as in the paper")
    let peak = train.baseLearningRate * Double(batch) / 256
    add(
      "train", "base_learning_rate",
      "a peak of \(String(format: "%.2g", peak)): the paper's 2.4e-3, less by the square root of the batch, more for a narrow model"
    )
    add(
      "parallel", "virtual_workers",
      "parts of \(configuration.imagesPerVirtualWorker) images: as many threads as that can work, on any number of ranks that divides it"
    )
    if configuration.parallel.threads != nil { add("parallel", "threads", "as many as were asked for") }
    add("checkpoint", "every_epochs", "some twenty times in all; the last step leaves one anyway")
    if let test { line("eval", "test", test, "not trained on; how the model does on them is looked at after epochs") }
  }
}
