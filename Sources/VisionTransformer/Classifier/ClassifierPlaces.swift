import Parameters

/// Where a classifier's tensors lie, under timm's names.
public struct ClassifierPlaces: Sendable {
  let trunk: TrunkPlaces
  let norm: NormPlace
  let trainsNorm: Bool
  let head: LinearPlace
  /// Of `norm`, where it is trained, and `head`.
  let headGroup: Int
  /// Where batches are normalised.
  let running: RunningPlaces?
  public let tables: SplitTables

  public init(_ classifier: ClassifierConfiguration) {
    let encoder = classifier.encoder
    let (width, classes) = (encoder.transformer.width, classifier.classes)
    var tables = SplitTables()
    trunk = TrunkPlaces(encoder, trained: classifier.trained, in: &tables)
    trainsNorm = classifier.trained != .nothing
    norm = tables[isTrained: trainsNorm].addNorm(Self.normName(classifier.pooling), width: width)
    if !trainsNorm { _ = tables.frozen.endGroup("norm", layer: encoder.layerAfterBlocks) }
    // The authors draw from a normal distribution that is cut off at ±2: two hundred deviations away, or more.
    head = LinearPlace(
      outputs: classes, inputs: width,
      weight: tables.trained.add(
        "head.weight", shape: [classes, width],
        initializer: .normal(deviation: classifier.normalizesBatch ? 0.01 : 2e-5), isDecayed: true),
      bias: tables.trained.add("head.bias", shape: [classes], initializer: .zeros, isDecayed: false))
    headGroup = tables.trained.endGroup("head", layer: encoder.layerAfterBlocks)
    running = classifier.normalizesBatch ? RunningPlaces(width: width, in: &tables.trained) : nil
    self.tables = tables
  }

  /// The norm of a pooled vector is another one than the encoder's, which normalises tokens.
  static func normName(_ pooling: TokenPooling) -> String { pooling == .cls ? "norm" : "fc_norm" }
}

/// Where the mean and variance of features over the batches so far lie, by which images are told apart from their batch.
struct RunningPlaces: Sendable {
  let mean: Range<Int>
  let variance: Range<Int>

  init(width: Int, in table: inout ParameterTable) {
    mean = table.addBuffer("head_norm.running_mean", shape: [width], initializer: .zeros)
    variance = table.addBuffer("head_norm.running_var", shape: [width], initializer: .ones)
  }
}

/// A classifier's step, put together from its stages.
struct ClassifierStages: Sendable {
  let trunk: TrunkStages
  /// Pooling, norm, linear layer and loss.
  let head: Timeline.Stage
  let timeline: Timeline

  init(_ places: ClassifierPlaces, hasBackward: Bool) {
    var timeline = Timeline(hasBackward: hasBackward)
    trunk = TrunkStages(places.trunk, in: &timeline)
    head = timeline.addStage(groups: [places.headGroup])
    self.timeline = timeline
  }
}
