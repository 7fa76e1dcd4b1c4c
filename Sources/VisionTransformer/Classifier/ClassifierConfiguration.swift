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

  public init(
    encoder: EncoderConfiguration, pooling: TokenPooling, classes: Int, trained: TrainedPart = .everything
  ) {
    self.encoder = encoder
    self.pooling = pooling
    self.classes = classes
    self.trained = trained
  }

  /// The products of a step, forward and backward, over `images` images.
  public func matrixProducts(images: Int) -> [MatrixProduct] {
    encoder.matrixProducts(images: images, seenCount: encoder.patches.count)
      + MatrixProduct.linear(images, from: encoder.transformer.width, to: classes)
  }
}
