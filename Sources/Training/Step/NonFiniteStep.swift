/// Why a step was not taken: its loss or its gradient is not finite. Parameters and moments are as they were before it.
public struct NonFiniteStep: Error {
  public let step: Int
  public let loss: Double
  public let gradientNorm: Double
  /// The samples of the virtual workers whose losses are not finite.
  public let samples: [Int]
  /// Where it began; only debug mode looks.
  public let origin: NonFiniteOrigin?
}

/// Where the first value that is not finite appeared.
public struct NonFiniteOrigin: Sendable {
  /// An image of the step's global batch.
  public struct BatchImage: Sendable {
    public let index: Int
    public let sample: Int
  }

  /// The first activation in the order of the forward pass; if all are finite, the first gradient in the order of
  /// backward; if these are too, the loss.
  public let tensor: String
  /// The first image of the batch whose activation it is; nil for a gradient.
  public let image: BatchImage?
  /// The first parameter that was not finite before the step.
  public let parameter: String?
}
