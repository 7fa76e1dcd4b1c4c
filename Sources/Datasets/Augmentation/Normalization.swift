import Compute
import Imaging

/// Brings 8-bit samples to zero mean and unit variance over the data set: (x / 255 - mean) / deviation, channel by
/// channel.
public struct Normalization: Sendable {
  public let mean: [Float]
  public let deviation: [Float]

  /// - Parameters:
  ///   - mean, deviation: one for each channel, in units where white is 1; deviations are positive.
  public init(mean: [Float], deviation: [Float]) {
    precondition(mean.count == deviation.count && deviation.allSatisfy { $0 > 0 }, "mean and deviation")
    self.mean = mean
    self.deviation = deviation
  }

  /// Overwrites `output` (channels × height × width) with the normalised samples. Each operation is rounded on its own,
  /// as in torchvision's `ToTensor` and `Normalize`.
  public func apply(to pixels: PlanarPixels, into output: Vector) {
    let shape = pixels.shape
    precondition(shape.channels == mean.count && output.count == shape.count, "shapes of a normalisation")
    let planeCount = shape.height * shape.width
    for channel in 0..<shape.channels {
      let source = pixels.base + channel * planeCount
      let target = output.base + channel * planeCount
      let (mean, deviation) = (mean[channel], deviation[channel])
      for index in 0..<planeCount {
        target[index] = (Float(source[index]) / 255 - mean) / deviation
      }
    }
  }
}
