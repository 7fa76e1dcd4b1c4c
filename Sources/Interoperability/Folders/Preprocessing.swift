import Datasets
import Evaluation
import MaskedAutoencoder
import Pretraining
import Training

/// `preprocessor_config.json`: how images become the model's input.
struct Preprocessing: Codable {
  struct Size: Codable {
    var shortestEdge: Int?
    var height: Int?
    var width: Int?
  }
  var imageProcessorType: String?
  var doConvertRgb: Bool?
  var doResize: Bool?
  var size: Size?
  var resample: Int?
  var doCenterCrop: Bool?
  var cropSize: Size?
  var doRescale: Bool?
  var rescaleFactor: Double?
  var doNormalize: Bool?
  var imageMean: [Double]?
  var imageStd: [Double]?

  /// The transform of `mae embed`: the shorter side to 8/7 of the model's, bicubic, and the centre of that.
  ///
  /// - Parameter keptFraction: another part of the resized image's shorter side than 7/8.
  init(_ configuration: PretrainingConfiguration, keptFraction: Double = FeatureExtractor.usualKeptFraction) {
    let image = configuration.model.imageSize
    imageProcessorType = "BitImageProcessor"
    doConvertRgb = configuration.model.channels == 3
    doResize = true
    resample = 3
    if image.height == image.width {
      size = Size(shortestEdge: Int((Double(image.height) / keptFraction).rounded()))
    } else {
      size = Size(height: image.height, width: image.width)
    }
    doCenterCrop = image.height == image.width
    cropSize = Size(height: image.height, width: image.width)
    doRescale = true
    let range = configuration.data.eightBitRange
    rescaleFactor = 1 / (range[1] - range[0])
    doNormalize = true
    // What is taken off a sample first, other programs take off with the mean.
    imageMean = configuration.data.mean.map { $0 + range[0] / (range[1] - range[0]) }
    imageStd = configuration.data.deviation
  }
}

extension DataConfiguration {
  /// The samples of an 8-bit image that become 0 and 1 before mean and deviation.
  var eightBitRange: [Double] { sampleRange ?? [0, 255] }
}
