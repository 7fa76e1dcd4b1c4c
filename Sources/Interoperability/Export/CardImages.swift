import Evaluation
import MaskedAutoencoder
import Pretraining
import VisionTransformer

/// What a model card says about features and about how images become them, where other programs do it otherwise.
struct CardImages {
  let configuration: PretrainingConfiguration
  let options: ExportOptions
  /// The part of the resized image's shorter side that is kept.
  var keptFraction = FeatureExtractor.usualKeptFraction
  /// Who reads images so.
  var reader = "`mae embed`"

  private var size: GridSize { configuration.model.imageSize }
  private var isSquare: Bool { size.height == size.width }

  var lines: [String] { model + [transform] + processors + alpha + orientation + samples }

  private var model: [String] {
    guard options.format == .huggingFace, !options.encoderOnly else { return [] }
    return [
      "`ViTMAEModel` removes random patches unless it is given `mask_ratio=0.0`: without it, its features are random. With "
        + "it, the patches' tokens still come in a random order; the cls token and their mean do not depend on it."
    ]
  }

  private var transform: String {
    let sides = "\(size.height) x \(size.width)"
    let covered = [size.height, size.width].map { "\(Int((Double($0) / keptFraction).rounded()))" }
    return "\(reader) resizes an image (bicubic, as Pillow does) until it covers "
      + (isSquare ? "\(covered[0]) x \(covered[0])" : covered.joined(separator: " x "))
      + " pixels, keeps its proportions, "
      + "and takes the centre of \(sides); a corner that falls between two pixels goes to the even one, as in "
      + "torchvision's `CenterCrop`."
  }

  private var processors: [String] {
    switch options.format {
    case .huggingFace where isSquare:
      [
        "transformers' processor rounds that corner down: an image that after resizing is longer than the cut by 3, 7, 11 … "
          + "pixels is cut one pixel further left or up than by \(reader) (about a quarter of images of all "
          + "proportions). In all others its Pillow backend, `backend=\"pil\"`, gives the samples of \(reader) exactly. "
          + "Its torchvision backend, which it takes by itself where torchvision is installed, resizes otherwise: "
          + "samples differ by up to 2 of 255.",
        Self.pillow,
      ]
    case .huggingFace:
      [
        "transformers' processor cannot do that for images that are not square: `preprocessor_config.json` stretches them to "
          + "\(size.height) x \(size.width)."
      ]
    case .timm: ["timm's evaluation transform does the same with images of Pillow's.", Self.pillow]
    case .facebook: []
    }
  }

  private static let pillow =
    "This holds for Pillow up to 12. Pillow 13 resizes some images down first and then across, and rounds in between: "
    + "their samples differ a little."

  private var alpha: [String] {
    configuration.model.channels == 4
      ? [
        "The fourth channel is alpha, 1 where an image has none; it is resized by itself, which Pillow does otherwise."
      ]
      : [treatment]
  }

  private var treatment: String {
    let others = "Pillow's `convert(\"RGB\")`, which timm and older versions of transformers use,"
    return switch configuration.data.alpha {
    case .white:
      "Alpha is laid over white, as transformers 5 does; \(others) drops it and shows what lies under it."
    case .black:
      "Alpha is laid over black; transformers 5 lays it over white, and \(others) drops it and shows what lies under it."
    case .drop: "Alpha is dropped, as \(others) does; transformers 5 lays it over white."
    }
  }

  private var orientation: [String] {
    let loading = "`transformers.image_utils.load_image`, which transformers' pipelines use,"
    return [
      configuration.data.exif
        ? "A rotation that EXIF data asks for is carried out, as by \(loading); timm leaves it undone."
        : "A rotation that EXIF data asks for is left undone, as by timm; \(loading) carries it out."
    ]
  }

  private var samples: [String] {
    guard let range = configuration.data.sampleRange else { return [] }
    let sentence = "Samples of \(range[0]) and \(range[1]) become 0 and 1 before mean and deviation"
    return switch options.format {
    case .huggingFace:
      [
        "\(sentence): `preprocessor_config.json` says so by its `rescale_factor` and `image_mean`, for samples of any size."
      ]
    case .timm:
      [
        "\(sentence): `config.json` says so by its mean and deviation, for 8-bit images; timm's transforms take no others."
      ]
    case .facebook: ["\(sentence)."]
    }
  }

  /// How images were changed in training, which no preprocessor has words for.
  var augmentation: String {
    let data = configuration.data
    let crops =
      data.randomCrop
      ? "random crops of \(data.cropScale[0]) to \(data.cropScale[1]) of an image's area" : "whole images"
    let flips =
      switch data.flip {
      case .none: "none of them mirrored"
      case .horizontal: "half of them mirrored left to right"
      case .both: "half of them mirrored left to right, and half top to bottom"
      }
    return "\(crops), \(flips)"
  }
}
