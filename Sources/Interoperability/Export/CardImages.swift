import Evaluation
import MaskedAutoencoder
import Pretraining
import VisionTransformer

/// What a model card says about features and about how images become them, where other programs do it otherwise.
struct CardImages {
  let configuration: PretrainingConfiguration
  let options: ExportOptions

  private var size: GridSize { configuration.model.imageSize }
  private var isSquare: Bool { size.height == size.width }

  var lines: [String] { model + [transform] + processors + alpha + orientation }

  private var model: [String] {
    guard options.format == .huggingFace, !options.encoderOnly else { return [] }
    return [
      "`ViTMAEModel` removes random patches unless it is given `mask_ratio=0.0`: without it, its features are random. With "
        + "it, the patches' tokens still come in a random order; the cls token and their mean do not depend on it."
    ]
  }

  private var transform: String {
    let sides = "\(size.height) x \(size.width)"
    let covered = [size.height, size.width].map { "\(Int((Double($0) / Embedder.usualKeptFraction).rounded()))" }
    return "`mae embed` resizes an image (bicubic, as Pillow does) until it covers "
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
          + "pixels is cut one pixel further left or up than by `mae embed` (about a quarter of images of all "
          + "proportions). In all others its Pillow backend, `backend=\"pil\"`, gives the samples of `mae embed` exactly. "
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
      : [
        "Alpha is laid over white, as transformers 5 does; Pillow's `convert(\"RGB\")`, which timm and older versions of "
          + "transformers use, drops it and shows what lies under it."
      ]
  }

  private var orientation: [String] {
    [
      "A rotation that EXIF data asks for is left undone, as by timm; `transformers.image_utils.load_image`, which "
        + "transformers' pipelines use, carries it out."
    ]
  }
}
