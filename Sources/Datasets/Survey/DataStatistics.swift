import Imaging

/// Mean, deviation and range of each channel over a data set, as `data.mean` and `data.std` want them.
public struct DataStatistics: Sendable, Equatable, Encodable {
  public struct Channel: Sendable, Equatable, Encodable {
    /// In units where the upper end of the range of samples is 1.
    public let mean: Double
    public let deviation: Double
    /// Samples as they are stored.
    public let least: Float
    public let most: Float
  }

  public let channels: [Channel]
  public let imageCount: Int
  public let badCount: Int

  /// Every image counts the same, however many pixels it has, since training brings all to one size.
  ///
  /// - Parameters:
  ///   - channels: what images are brought to.
  ///   - range: the samples that become 0 and 1; nil for the usual ones of each kind.
  /// - Returns: nil where no image could be used.
  public static func measure(
    _ source: any ImageSource, channels: Int, alpha: AlphaTreatment = .white, range: ClosedRange<Float>? = nil,
    threads: Int
  ) throws(DatasetError) -> DataStatistics? {
    var sums = [ImageMoments](repeating: ImageMoments(), count: channels)
    var (good, bad) = (0, 0)
    try survey(source, threads: threads) { _, image -> [ImageMoments]? in
      guard case .success(let image) = image, let converted = image.converted(toChannels: channels, alpha: alpha) else {
        return nil
      }
      return moments(of: converted, range: range)
    } take: { _, moments in
      guard let moments else {
        bad += 1
        return
      }
      good += 1
      for channel in 0..<channels { sums[channel].add(moments[channel]) }
    }
    guard good > 0 else { return nil }
    return DataStatistics(
      channels: sums.map { sum in
        let mean = sum.mean / Double(good)
        let variance = max(0, sum.meanSquare / Double(good) - mean * mean)
        return Channel(mean: mean, deviation: variance.squareRoot(), least: sum.least, most: sum.most)
      }, imageCount: good, badCount: bad)
  }
}

/// Of one channel of one image, or sums of these over images.
private struct ImageMoments: Sendable {
  var mean = 0.0
  var meanSquare = 0.0
  var least = Float.infinity
  var most = -Float.infinity

  mutating func add(_ other: ImageMoments) {
    mean += other.mean
    meanSquare += other.meanSquare
    least = min(least, other.least)
    most = max(most, other.most)
  }
}

private func moments(of image: Image, range: ClosedRange<Float>?) -> [ImageMoments]? {
  let range = range ?? image.samples.kind.usualRange
  return switch image.samples {
  case .uint8(let samples): moments(of: samples, image.channels, range)
  case .uint16(let samples): moments(of: samples, image.channels, range)
  case .float32(let samples): moments(of: samples, image.channels, range)
  }
}

/// - Returns: nil where a sample is no finite number.
private func moments<Element: Sample>(
  of samples: [Element], _ channels: Int, _ range: ClosedRange<Float>
) -> [ImageMoments]? {
  let (low, width) = (Double(range.lowerBound), Double(range.upperBound) - Double(range.lowerBound))
  let count = Double(samples.count / channels)
  var result: [ImageMoments] = []
  for channel in 0..<channels {
    var moments = ImageMoments()
    for index in stride(from: channel, to: samples.count, by: channels) {
      let sample = samples[index].float
      let value = (Double(sample) - low) / width
      moments.mean += value
      moments.meanSquare += value * value
      moments.least = min(moments.least, sample)
      moments.most = max(moments.most, sample)
    }
    guard moments.meanSquare.isFinite else { return nil }
    moments.mean /= count
    moments.meanSquare /= count
    result.append(moments)
  }
  return result
}

/// How many channels the first image of a data set has that can be used, without alpha.
///
/// - Throws: none of the first hundred can be used, or the disk cannot be read.
public func usualChannels(of source: any ImageSource) throws(DatasetError) -> Int {
  var bad: [BadSample] = []
  for index in 0..<min(source.count, AugmentedImages.badInARowLimit) {
    do throws(DatasetError) {
      let image = try source.image(at: index)
      return image.hasAlpha ? 3 : image.channels
    } catch {
      guard case .badImage(let sample) = error else { throw error }
      bad.append(sample)
    }
  }
  throw .tooManyBadImages(count: bad.count, first: bad[0], last: bad[bad.count - 1])
}
