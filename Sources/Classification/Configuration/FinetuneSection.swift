import Configuration
import Datasets
import VisionTransformer

/// How a classifier is trained beside what every run is told; the defaults are those of He et al. 2022, Table 9, and of
/// the settings that they released for ViT-B.
public struct FinetuneSection: ConfigurationSection, Equatable {
  public var trainedBlocks: Double?
  public var batchNorm = false
  public var layerDecay = 0.65
  public var dropPath = 0.1
  public var labelSmoothing = 0.1
  public var mixup = 0.8
  public var cutMix = 1.0
  public var mixingProbability = 1.0
  public var cutMixProbability = 0.5
  public var randomErasing = 0.25
  public var emaDecay: Double?

  public init() {}

  public static let keys: [ConfigurationKey<Self>] = [
    .optional(
      "trained_blocks", \.trainedBlocks,
      "blocks at the encoder's end that are trained: 0 none and the head alone, 0.5 the last one's MLP; null: all of the "
        + "model", .atLeast(0)),
    .value(
      "batch_norm", \.batchNorm,
      "normalise the features that the head takes over the whole batch, as for linear probes; only with trained_blocks 0"
    ),
    .value(
      "layer_decay", \.layerDecay, "each layer's learning rate is this times that of the layer above it", .above(0),
      .atMost(1)),
    .value(
      "drop_path", \.dropPath, "how probable it is that a branch of the last block is left out; of earlier ones less",
      .atLeast(0), .below(1)),
    .value(
      "label_smoothing", \.labelSmoothing, "the part of a label that is spread over all classes", .atLeast(0), .below(1)
    ),
    .value("mixup", \.mixup, "a of the Beta(a, a) that mixup's weight is drawn from; 0: no mixup", .within(0...1e3)),
    .value("cutmix", \.cutMix, "a of the Beta(a, a) that CutMix's area is drawn from; 0: no CutMix", .within(0...1e3)),
    .value(
      "mix_probability", \.mixingProbability, "how probable it is that a virtual worker's images are mixed",
      .within(0...1)),
    .value(
      "cutmix_probability", \.cutMixProbability, "and that it is by CutMix, where there are both", .within(0...1)),
    .value("random_erasing", \.randomErasing, "how probable it is that a part of an image is erased", .within(0...1)),
    .optional(
      "ema_decay", \.emaDecay,
      "of an exponential moving average of the weights that is kept beside them and validated too, for example 0.9998; null: "
        + "none", .atLeast(0), .below(1)),
  ]

  public func validate(at path: ConfigurationPath) throws(ConfigurationError) {
    if batchNorm, trainedBlocks != 0 {
      throw .invalid(
        path["batch_norm"], is: true,
        "which is for \(path["trained_blocks"]) 0 alone: what lies before it has no gradient")
    }
    if batchNorm, let emaDecay {
      throw .invalid(
        path["ema_decay"], is: emaDecay,
        "which averages no statistics of \(path["batch_norm"]); take null, or false for those")
    }
    guard let trainedBlocks, trainedBlocks != 0.5, trainedBlocks != trainedBlocks.rounded() else { return }
    throw .invalid(
      path["trained_blocks"], is: trainedBlocks, "which is neither a whole number of blocks nor 0.5, the last one's MLP"
    )
  }

  var trainedPart: TrainedPart {
    switch trainedBlocks {
    case nil: .everything
    case 0?: .nothing
    case 0.5?: .lastMLP
    case let count?: .lastBlocks(Int(count))
    }
  }

  var mixing: ImageMixing {
    var mixing = ImageMixing()
    mixing.mixup = mixup
    mixing.cutMix = cutMix
    mixing.probability = mixingProbability
    mixing.cutMixProbability = cutMixProbability
    return mixing
  }

  var erasing: RandomErasing {
    var erasing = RandomErasing()
    erasing.probability = randomErasing
    return erasing
  }
}
