/// `config.json` of a timm folder.
struct TimmConfiguration: Codable {
  struct Arguments: Codable {
    var imgSize: Sides?
    var patchSize: Int?
    var inChans: Int?
    var embedDim: Int?
    var depth: Int?
    var numHeads: Int?
    var mlpRatio: Double?
    var globalPool: String?
  }
  struct Pretrained: Codable {
    var tag: String?
    var customLoad: Bool?
    var inputSize: [Int]?
    var fixedInputSize: Bool?
    var interpolation: String?
    var cropPct: Double?
    var cropMode: String?
    var mean: [Double]?
    var std: [Double]?
    var numClasses: Int?
    var firstConv: String?
    var classifier: String?
  }
  var architecture: String?
  var numClasses: Int?
  var numFeatures: Int?
  var globalPool: String?
  var modelArgs: Arguments?
  var pretrainedCfg: Pretrained?
  /// Of a classifier's labels, in order.
  var labelNames: [String]?

  /// The attention heads of the architecture, where its name says them.
  var heads: Int? {
    if let heads = modelArgs?.numHeads { return heads }
    let known = [("vit_tiny", 3), ("vit_small", 6), ("vit_base", 12), ("vit_large", 16), ("vit_huge", 16)]
    return known.first { architecture?.hasPrefix($0.0) ?? false }?.1
  }
}
