import Compute

/// Linear warm-up from 0, then half a cosine down to a minimum, mostly 0, set anew for each step from the fractional epoch
/// (He et al. 2022, Table 8; Loshchilov and Hutter 2017).
public struct LearningRateSchedule: Sendable, Equatable {
  public let peak: Double
  public let warmupEpochs: Double
  public let epochs: Double
  /// What the cosine ends at.
  public let minimum: Double

  /// - Parameters:
  ///   - baseLearningRate: for 256 images.
  ///   - batchSize: images of one optimiser step over all ranks; the peak is proportional to it (Goyal et al. 2017).
  public init(
    baseLearningRate: Double, batchSize: Int, warmupEpochs: Double, epochs: Double, minimum: Double = 0
  ) {
    peak = baseLearningRate * Double(batchSize) / 256
    self.warmupEpochs = warmupEpochs
    self.epochs = epochs
    self.minimum = minimum
  }

  /// The learning rate of a step that begins at `epoch`, a fraction of epochs from the start of the run.
  public func rate(at epoch: Double) -> Double {
    if epoch < warmupEpochs { return peak * epoch / warmupEpochs }
    if epoch >= epochs { return minimum }
    let progress = (epoch - warmupEpochs) / (epochs - warmupEpochs)
    return minimum + (peak - minimum) * 0.5 * (1 + Elementary.cos(.pi * progress))
  }
}
