import Compute
import Imaging

/// Brings samples to zero mean and unit variance over the data set, channel by channel:
/// ((x - low) / (high - low) - mean) / deviation.
public struct Normalization: Sendable {
  public let mean: [Float]
  public let deviation: [Float]
  /// The samples that stand for 0 and 1; nil for the usual ones of each kind of sample.
  public let sampleRange: ClosedRange<Float>?

  /// - Parameters:
  ///   - mean, deviation: one for each channel, in units where the upper end of the range is 1; deviations are positive.
  ///   - sampleRange: not empty.
  public init(mean: [Float], deviation: [Float], sampleRange: ClosedRange<Float>? = nil) {
    precondition(mean.count == deviation.count && deviation.allSatisfy { $0 > 0 }, "mean and deviation")
    precondition(sampleRange.map { $0.lowerBound < $0.upperBound } ?? true, "an empty range of samples")
    self.mean = mean
    self.deviation = deviation
    self.sampleRange = sampleRange
  }

  /// Overwrites `output` (channels × height × width) with the normalised samples. Each operation is rounded on its own,
  /// as in torchvision's `ToTensor` and `Normalize`.
  public func apply(to pixels: PlanarPixels, into output: Vector) {
    let shape = pixels.shape
    precondition(shape.channels == mean.count && output.count == shape.count, "shapes of a normalisation")
    switch pixels.kind {
    case .uint8: apply(to: pixels.base(UInt8.self), shape, into: output)
    case .uint16: apply(to: pixels.base(UInt16.self), shape, into: output)
    case .float32: apply(to: pixels.base(Float.self), shape, into: output)
    }
  }

  private func apply<Element: Sample>(to samples: UnsafePointer<Element>, _ shape: ImageShape, into output: Vector) {
    let planeCount = shape.height * shape.width
    let range = sampleRange ?? Element.kind.usualRange
    let (low, width) = (range.lowerBound, range.upperBound - range.lowerBound)
    for channel in 0..<shape.channels {
      let source = samples + channel * planeCount
      let target = output.base + channel * planeCount
      let (mean, deviation) = (mean[channel], deviation[channel])
      for index in 0..<planeCount {
        target[index] = ((source[index].float - low) / width - mean) / deviation
      }
    }
  }
}
