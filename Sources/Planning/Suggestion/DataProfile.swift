import Datasets
import Imaging
import VisionTransformer

/// What a data set looks like, as far as a recipe depends on it: from a part of its images that lie evenly over it.
public struct DataProfile: Sendable, Equatable {
  public var kind: String
  public var count: Int
  public var channels: Int
  /// The size of all images that were looked at, where they share one.
  public var commonSize: GridSize?
  /// The middle one of the images' shorter sides.
  public var shorterSide: Int
  /// Of each channel, in units where the upper end of the range of samples is 1.
  public var mean: [Double]
  public var deviation: [Double]
  /// The share of small squares, a seventh of an image wide, in which nothing is to be seen: all pixels are equal.
  public var flatShare: Double
  /// To read and decode an image, on one thread.
  public var secondsPerImage: Double

  public init(
    kind: String, count: Int, channels: Int, commonSize: GridSize?, shorterSide: Int, mean: [Double],
    deviation: [Double],
    flatShare: Double, secondsPerImage: Double
  ) {
    (self.kind, self.count, self.channels) = (kind, count, channels)
    (self.commonSize, self.shorterSide) = (commonSize, shorterSide)
    (self.mean, self.deviation) = (mean, deviation)
    (self.flatShare, self.secondsPerImage) = (flatShare, secondsPerImage)
  }

  /// How many images are looked at closely, and how many for mean and deviation.
  private static let (closely, statistics) = (200, 2000)

  /// - Returns: nil where none of the images that were looked at can be used.
  public init?(of source: any ImageSource, channels: Int? = nil, threads: Int) throws(DatasetError) {
    let channels = if let channels { channels } else { try usualChannels(of: source) }
    let some = SpreadImages(of: source, count: DataProfile.closely)
    var sizes: [GridSize] = []
    var (flat, squares) = (0, 0)
    let start = ContinuousClock.now
    for index in 0..<some.count {
      let image: Image
      do throws(DatasetError) {
        image = try some.image(at: index)
      } catch {
        guard case .badImage = error else { throw error }
        continue
      }
      sizes.append(GridSize(height: image.height, width: image.width))
      let found = flatSquares(of: image)
      (flat, squares) = (flat + found.flat, squares + found.all)
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1) / Double(some.count)
    guard !sizes.isEmpty,
      let measured = try DataStatistics.measure(
        SpreadImages(of: source, count: DataProfile.statistics), channels: channels, threads: threads)
    else { return nil }
    self.init(
      kind: source.kind, count: source.count, channels: channels,
      commonSize: sizes.allSatisfy { $0 == sizes[0] } ? sizes[0] : nil,
      shorterSide: sizes.map { min($0.height, $0.width) }.sorted()[sizes.count / 2],
      mean: measured.channels.map(\.mean), deviation: measured.channels.map(\.deviation),
      flatShare: squares == 0 ? 0 : Double(flat) / Double(squares), secondsPerImage: seconds)
  }
}

/// Some images of a source, at even distances.
private struct SpreadImages: ImageSource {
  private let source: any ImageSource
  let count: Int

  init(of source: any ImageSource, count: Int) {
    self.source = source
    self.count = min(count, source.count)
  }

  private func place(_ index: Int) -> Int { index * source.count / count }

  var kind: String { source.kind }
  var shape: ImageShape? { source.shape }
  var sampleKind: SampleKind { source.sampleKind }
  var classNames: [String] { source.classNames }
  func identity() -> DataIdentity { source.identity() }
  func name(of index: Int) -> String { source.name(of: place(index)) }
  func label(of index: Int) -> Int? { source.label(of: place(index)) }
  func image(at index: Int) throws(DatasetError) -> Image { try source.image(at: place(index)) }
}

/// The squares of an image, seven along its shorter side, and how many of them are of one colour.
private func flatSquares(of image: Image) -> (flat: Int, all: Int) {
  switch image.samples {
  case .uint8(let samples): flatSquares(of: image, samples)
  case .uint16(let samples): flatSquares(of: image, samples)
  case .float32(let samples): flatSquares(of: image, samples)
  }
}

private func flatSquares<Sample: Equatable>(of image: Image, _ samples: [Sample]) -> (flat: Int, all: Int) {
  let side = max(2, min(image.height, image.width) / 7)
  var (flat, all) = (0, 0)
  for top in stride(from: 0, through: image.height - side, by: side) {
    for left in stride(from: 0, through: image.width - side, by: side) {
      all += 1
      let first = (top * image.width + left) * image.channels
      let isFlat = (top..<top + side).allSatisfy { row in
        let start = (row * image.width + left) * image.channels
        return (0..<side * image.channels).allSatisfy { samples[start + $0] == samples[first + $0 % image.channels] }
      }
      if isFlat { flat += 1 }
    }
  }
  return (flat, all)
}
