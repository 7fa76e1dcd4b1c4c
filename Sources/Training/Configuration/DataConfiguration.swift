import Configuration
import Datasets
import Imaging

/// Which images, and how they reach the model. Mean and deviation default to ImageNet's.
public struct DataConfiguration: ConfigurationSection, Equatable {
  public var path: DataPaths = ""
  public var decodeThreads = 2
  public var mean = [0.485, 0.456, 0.406]
  public var deviation = [0.229, 0.224, 0.225]
  public var randomCrop = true
  public var cropScale = [0.2, 1]
  public var cropRatio = [3.0 / 4, 4.0 / 3]
  public var flip = Mirroring.horizontal
  public var randAugment: RandAugment?
  public var alpha = AlphaTreatment.white
  public var layout: ChannelOrder?
  public var order = SampleOrder.global
  public var exif = false
  public var fastDecode = false
  /// Pillow's limit.
  public var maxMegapixels = 178.95697
  public var maxBadFraction = 0.01
  public var sampleRange: [Double]?

  public init() {}

  public static let keys: [ConfigurationKey<Self>] = [
    .value(
      "path", \.path,
      "a folder of images with or without class folders, tar shards, a .npy array, IDX or CIFAR files, a list in .txt, "
        + "or a YAML list of these"),
    .value("workers", \.decodeThreads, "decode threads of a process", .within(1...1_000)),
    .optional(
      "sample_range", \.sampleRange,
      "the samples that become 0 and 1 before mean and std; null: all of 8 and 16 bits, floats as they are"),
    .value(
      "mean", \.mean, "of each channel over the data set, the upper end of sample_range being 1",
      .each(.within(-1e9...1e9))),
    .value("std", \.deviation, "deviation of each channel over the data set", .each(.within(1e-9...1e9))),
    .value("random_crop", \.randomCrop, "train on random resized crops; false: the whole image, cut to the centre"),
    .value("crop_scale", \.cropScale, "least and most of the image's area that a crop takes", .each(.within(1e-6...1))),
    .value("crop_ratio", \.cropRatio, "least and most width / height of a crop", .each(.within(1e-3...1e3))),
    .value("flip", \.flip, "which way half of the images are mirrored"),
    .optional(
      "rand_augment", \.randAugment,
      "a policy of RandAugment as timm writes it, for 8-bit grey and RGB images, such as rand-m9-mstd0.5-inc1; null: none"
    ),
    .value("alpha", \.alpha, "what images with alpha are laid over where the model takes none; drop: nothing"),
    .value("order", \.order, "global: any image may follow any other; blocks: neighbours come soon after one another"),
    .value("exif", \.exif, "turn images as their EXIF data asks for"),
    .value(
      "fast_decode", \.fastDecode,
      "decode JPEG at a half, a quarter or an eighth of its size where a random crop is reduced by as much: nearly the "
        + "same pixels"),
    .optional("layout", \.layout, "where arrays have their channels; null: where model.channels fits"),
    .value(
      "max_megapixels", \.maxMegapixels, "larger images are refused before memory is taken for them",
      .within(1e-6...1e6)),
    .value(
      "max_bad_fraction", \.maxBadFraction, "share of an epoch's images that may fail to decode", .atLeast(0),
      .atMost(1)),
  ]

  public func validate(at path: ConfigurationPath) throws(ConfigurationError) {
    for (key, range) in [("crop_scale", cropScale), ("crop_ratio", cropRatio)] {
      guard range.count == 2, range[0] <= range[1] else {
        throw .invalid(path[key], is: range, "which is not a list of two numbers, the smaller one first")
      }
    }
    if let sampleRange {
      guard sampleRange.count == 2, Float(sampleRange[0]) < Float(sampleRange[1]),
        sampleRange.allSatisfy({ Float($0).isFinite })
      else {
        throw .invalid(
          path["sample_range"], is: sampleRange, "which is not a list of two different numbers, the smaller one first")
      }
    }
    // Only a shell knows what these stand for, and none has read them: not in a file, and not behind `--set key=`.
    for unread in self.path.all where unread == "~" || unread.hasPrefix("~/") || unread.contains(/\$\{?[A-Z_]+/) {
      throw .invalid(
        path["path"], is: unread,
        "which no shell has read, so that ~ and $ stay what they are; write the folder in full")
    }
  }

  public var augmentation: Augmentation {
    Augmentation(
      randomCrop: randomCrop, cropScale: cropScale[0]...cropScale[1], cropRatio: cropRatio[0]...cropRatio[1],
      flip: flip, alpha: alpha, fastDecode: fastDecode)
  }

  public var normalization: Normalization {
    Normalization(
      mean: mean.map { Float($0) }, deviation: deviation.map { Float($0) },
      sampleRange: sampleRange.map { Float($0[0])...Float($0[1]) })
  }
}
