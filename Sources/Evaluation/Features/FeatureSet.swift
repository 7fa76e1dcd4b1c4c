import Compute
import Datasets

/// The features of a data set's images in memory, on every rank.
public final class FeatureSet: @unchecked Sendable {
  public let source: any ImageSource
  /// [images that could be used, width].
  public let rows: Matrix
  /// Of each row, the index of its image in the source.
  public let indices: [Int]
  public let leftOut: [BadSample]
  private let memory: AlignedBuffer<Float>

  init(_ source: any ImageSource, width: Int, rows: consuming AlignedBuffer<Float>, leftOut: [BadSample]) {
    let missing = Set(leftOut.map(\.index))
    self.source = source
    self.leftOut = leftOut
    indices = (0..<source.count).filter { !missing.contains($0) }
    memory = rows
    self.rows = memory.all[0..<indices.count * width].reshaped(rows: indices.count, columns: width)
  }

  /// Some rows of another set.
  init(_ places: [Int], of other: FeatureSet) {
    defer { extendLifetime(other) }
    let width = other.rows.columns
    (source, leftOut) = (other.source, other.leftOut)
    indices = places.map { other.indices[$0] }
    memory = AlignedBuffer(repeating: 0, count: places.count * width)
    rows = memory.all.reshaped(rows: places.count, columns: width)
    for (place, row) in places.enumerated() {
      copyRows(output: rows.rows(place..<place + 1), input: other.rows.rows(row..<row + 1))
    }
  }

  public var count: Int { rows.rows }
}

extension FeatureExtractor {
  /// The features of all images that can be used. All ranks call it, and get the same.
  ///
  /// - Parameter advance: is called after every batch.
  /// - Throws: on all ranks alike.
  public func all(badImages: BadImagePolicy, advance: () -> Void = {}) throws -> FeatureSet {
    let width = kind.width
    let rows = AlignedBuffer<Float>(repeating: 0, count: source.count * width)
    var leftOut = LeftOutImages(of: source.count, badImages)
    var written = 0
    for start in stride(from: 0, to: source.count, by: batchCount) {
      let batch = try features(of: start..<min(source.count, start + batchCount))
      try communicator.leaveOut(batch.bad, &leftOut)
      (rows.base + written).update(from: batch.rows, count: batch.rows.count)
      written += batch.rows.count
      advance()
    }
    let set = FeatureSet(source, width: width, rows: rows, leftOut: leftOut.samples)
    try communicator.together {
      if !set.rows.flat.isFinite { throw FeatureError.notFinite }
    }
    return set
  }
}

extension VectorView where Element == Float {
  /// Whether every value is a finite number.
  var isFinite: Bool {
    // Zero times a number is zero, and times anything else it is no number.
    var sum: Float = 0
    for index in 0..<count { sum += self[index] * 0 }
    return sum == 0
  }
}
