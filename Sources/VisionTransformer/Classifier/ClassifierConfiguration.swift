import Compute
import Configuration

/// How the tokens of an image become the one vector that its class is told by.
public enum TokenPooling: String, CaseIterable, ConfigurationValue, Sendable {
  /// The cls token, after the encoder's last norm.
  case cls
  /// The mean of the patches' tokens, after a norm of its own.
  case mean
}

/// What a classifier looks like: an encoder, a pooling, a norm and a linear layer, and which part of it is trained.
public struct ClassifierConfiguration: Sendable, Equatable {
  public var encoder: EncoderConfiguration
  public var pooling: TokenPooling
  public var classes: Int
  public var trained: TrainedPart
  /// Whether the features of each image are normalised, value by value, by their mean and deviation over the step's whole
  /// batch: batch normalisation without weights of its own (He et al. 2022, Appendix A.1). Only where nothing but the head
  /// is trained.
  public var normalizesBatch: Bool

  public init(
    encoder: EncoderConfiguration, pooling: TokenPooling, classes: Int, trained: TrainedPart = .everything,
    normalizesBatch: Bool = false
  ) {
    precondition(!normalizesBatch || trained == .nothing, "batch normalisation of what is trained")
    self.encoder = encoder
    self.pooling = pooling
    self.classes = classes
    self.trained = trained
    self.normalizesBatch = normalizesBatch
  }

  /// The products of a step, forward and backward, over `images` images.
  public func matrixProducts(images: Int) -> [MatrixProduct] {
    encoder.matrixProducts(images: images, seenCount: encoder.patches.count)
      + MatrixProduct.linear(images, from: encoder.transformer.width, to: classes)
  }
}
