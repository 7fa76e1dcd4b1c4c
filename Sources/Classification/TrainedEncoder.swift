import Checkpoints
import Compute
import Datasets
import Evaluation
import Imaging
import MaskedAutoencoder
import Parameters
import Pretraining
import Training
import VisionTransformer

/// The encoder of a checkpoint, whichever task has trained it: what features are taken with.
public struct TrainedEncoder {
  private enum Model {
    case autoencoder(TrainedModel)
    case classifier(TrainedClassifier)
  }

  private let model: Model

  /// - Parameters:
  ///   - path: a run directory (its newest valid checkpoint) or a checkpoint.
  ///   - average: whether to take the moving average of the weights.
  public init(checkpoint path: String, average: Bool = false) throws {
    let checkpoint = try Checkpoint.open(path)
    try checkpoint.requireTask([MaskedAutoencoding.name, ImageClassification.name])
    guard !average || checkpoint.hasAverage else { throw ClassificationError.noAverage(path: checkpoint.path) }
    model =
      checkpoint.state.task == ImageClassification.name
      ? .classifier(try TrainedClassifier(checkpoint, average: average)) : .autoencoder(try TrainedModel(checkpoint))
  }

  private init(_ model: Model) {
    self.model = model
  }

  /// What the checkpoint's run was told.
  public var configuration: any TaskConfiguration {
    switch model {
    case .autoencoder(let model): model.configuration
    case .classifier(let classifier): classifier.recipe
    }
  }

  public var step: Int {
    switch model {
    case .autoencoder(let model): model.step
    case .classifier(let classifier): classifier.step
    }
  }

  public func frozen(in precision: Precision = .fp32) -> FrozenEncoder {
    switch model {
    case .autoencoder(let model): model.frozenEncoder(in: precision)
    case .classifier(let classifier): classifier.frozenEncoder(in: precision)
    }
  }

  /// How a classifier makes the one vector of an image that its head takes; nil of a pre-trained encoder, which has no way of its
  /// own.
  public var ownPooling: Pooling? {
    switch model {
    case .autoencoder: nil
    case .classifier(let classifier): classifier.configuration.model.pooling == .cls ? .cls : .mean
    }
  }

  /// How a classifier's images are cut where it is tried; nil of a pre-trained encoder.
  public var ownCrop: CenterCrop? {
    switch model {
    case .autoencoder: nil
    case .classifier(let classifier): CenterCrop(keptFraction: classifier.recipe.validation.cropFraction)
    }
  }

  /// The same with weights that nothing was learned in: those that the run's seed gives.
  public var untrained: TrainedEncoder {
    switch model {
    case .autoencoder(let model): TrainedEncoder(.autoencoder(model.untrained))
    case .classifier(let classifier): TrainedEncoder(.classifier(classifier.untrained))
    }
  }
}

extension TrainedClassifier {
  func frozenEncoder(in precision: Precision) -> FrozenEncoder {
    let encoder = classifier.configuration.encoder
    var own = ParameterTable()
    let places = EncoderPlaces(encoder, in: &own)
    precondition(
      zip(own.specs, table.specs).allSatisfy { $0.range == $1.range && $0.shape == $1.shape },
      "a classifier's parameters begin with its encoder's")
    return FrozenEncoder(
      Encoder(encoder, places: places, positions: classifier.positions), input: configuration.imageInput,
      lastNorm: configuration.model.pooling == .mean ? .pooled : .tokens, parameters: parameters.all, owner: self,
      precision: precision)
  }

  var untrained: TrainedClassifier {
    let first = AlignedBuffer<Float>(repeating: 0, count: table.arenaCount)
    table.initialize(first.all, seed: configuration.train.seed)
    return TrainedClassifier(
      classifier, configuration: configuration, recipe: recipe, parameters: first, classNames: classNames, step: 0)
  }
}
