import Configuration

/// A configuration with every kind of key, in the shape of the real one.
struct SampleConfiguration: ConfigurationSection, Equatable {
  var model = SampleModel()
  var data = SampleData()
  var train = SampleTrain()
  static let keys: [ConfigurationKey<Self>] = [
    .section("model", \.model, "the masked autoencoder"),
    .section("data", \.data, "images"),
    .section("train", \.train, "the recipe"),
  ]
}

struct SampleModel: ConfigurationSection, Equatable {
  var imageSize = SampleSize(height: 224, width: 224)
  var patchSize = 16
  var maskRatio = 0.75
  var encoder = SampleEncoder()
  static let keys: [ConfigurationKey<Self>] = [
    .value("image_size", \.imageSize, "height and width in pixels"),
    .value("patch_size", \.patchSize, "side of a square patch in pixels", .atLeast(1)),
    .value("mask_ratio", \.maskRatio, "part of the patches that is hidden", .above(0), .below(1)),
    .section("encoder", \.encoder, "the encoder, which sees visible patches only"),
  ]

  func validate(at path: ConfigurationPath) throws(ConfigurationError) {
    guard imageSize.height.isMultiple(of: patchSize), imageSize.width.isMultiple(of: patchSize) else {
      throw .invalid(
        path["image_size"], is: imageSize, "which is not divisible by \(path["patch_size"]) (\(patchSize))")
    }
  }
}

struct SampleEncoder: ConfigurationSection, Equatable {
  var width = 192
  var heads = 3
  static let keys: [ConfigurationKey<Self>] = [
    .value("width", \.width, "features of a token", .atLeast(1)),
    .value("heads", \.heads, "attention heads of a block", .atLeast(1)),
  ]

  func validate(at path: ConfigurationPath) throws(ConfigurationError) {
    guard width.isMultiple(of: heads) else {
      let (below, above) = (width / heads * heads, (width / heads + 1) * heads)
      throw .invalid(
        path["width"], is: width,
        "which is not divisible by \(path["heads"]) (\(heads)); take \(below) or \(above)")
    }
  }
}

struct SampleData: ConfigurationSection, Equatable {
  var path = ""
  var mean: [Double] = [0.485, 0.456, 0.406]
  var std: [Double] = [0.229, 0.224, 0.225]
  static let keys: [ConfigurationKey<Self>] = [
    .value("path", \.path, "folder, shards or IDX files"),
    .value("mean", \.mean, "of each channel", .notEmpty),
    .value("std", \.std, "of each channel", .notEmpty, .each(.above(0))),
  ]
}

struct SampleTrain: ConfigurationSection, Equatable {
  var batchSize = 4096
  var steps: Int?
  var seed: UInt64 = 0
  var precision = SamplePrecision.fp32
  var baseLearningRate = 1.5e-4
  var flip = true
  var note: String?
  static let keys: [ConfigurationKey<Self>] = [
    .value("batch_size", \.batchSize, "images of a step over all ranks", .atLeast(1)),
    .optional("steps", \.steps, "end the run after this step of the schedule", .atLeast(1)),
    .value("seed", \.seed, "of everything random"),
    .value("precision", \.precision, "of the matrix products"),
    .value("base_learning_rate", \.baseLearningRate, "for 256 images", .above(0), .atMost(1)),
    .value("flip", \.flip, "mirror half of the images"),
    .optional("note", \.note, "for people"),
  ]
}

enum SamplePrecision: String, CaseIterable, ConfigurationValue {
  case fp32, bf16
}

/// One number for squares, `[height, width]` for rectangles: a value type as other modules declare them.
struct SampleSize: ConfigurationValue {
  var height: Int
  var width: Int

  static let expectation = "a size in pixels: one whole number, or [height, width]"

  init(height: Int, width: Int) {
    (self.height, self.width) = (height, width)
  }

  init(configuration node: ConfigurationNode) throws(ConfigurationMismatch) {
    if case .list(let sides) = node.content {
      guard sides.count == 2 else { throw ConfigurationMismatch() }
      self.init(height: try Int(configuration: sides[0]), width: try Int(configuration: sides[1]))
    } else {
      let side = try Int(configuration: node)
      self.init(height: side, width: side)
    }
  }

  var configurationNode: ConfigurationNode {
    height == width
      ? height.configurationNode : .list([height.configurationNode, width.configurationNode])
  }
}

/// The sentence with which a text is refused.
func refusal(_ yaml: String, set overrides: String...) -> String {
  do throws(ConfigurationError) {
    _ = try SampleConfiguration.decode(yaml: yaml, name: "a.yaml", overrides: overrides)
    return "accepted"
  } catch {
    return error.description
  }
}
