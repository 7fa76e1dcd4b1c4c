import Collectives
import Compute
import Datasets
import Imaging
import Training

/// Features of images, by all ranks: each takes a share of every batch, and all have all of it then.
///
/// Threads take units of a few images from one counter until none of the rank's share is left; each decodes, resizes
/// (bicubic, the shorter side), cuts to the centre, and encodes the images of its unit. What comes out for an image does
/// not depend on the number of ranks and threads nor on the images beside it: images do not meet in any sum.
public final class FeatureExtractor {
  /// The part of the resized image's shorter side that evaluation usually keeps: 224 of 256.
  public static let usualKeptFraction = 0.875

  public let kind: FeatureKind
  public let source: any ImageSource
  public let crop: CenterCrop
  let communicator: any Communicator
  private let pool: WorkerPool
  private let imagesPerUnit: Int
  private let threads: [ExtractionThread]
  /// Images of one call's worth of work of all ranks: so many units for each thread that the wait for the last one is
  /// short beside all of them.
  let batchCount: Int

  /// All ranks call it.
  ///
  /// - Throws: on all ranks: the images' channels cannot become the model's, or what makes products cannot be opened.
  public init(
    _ kind: FeatureKind, of source: any ImageSource, crop: CenterCrop, pool: WorkerPool, communicator: any Communicator
  ) throws {
    self.kind = kind
    self.source = source
    self.crop = crop
    self.communicator = communicator
    let imagesPerUnit = min(source.count, kind.imagesPerUnit)
    self.imagesPerUnit = imagesPerUnit
    self.pool = pool
    try communicator.together {
      try source.requireChannels(kind.input.shape.channels)
      if case .encoder(let frozen, _, _) = kind { try frozen.precision.openProducts() }
    }
    let most = Int(try communicator.allgather([Double(pool.count)]).map { $0[0] }.max()!)
    let mostShareBytes = min(Self.mostShareBytes, Self.mostBatchBytes / communicator.size)
    let unitBytes = imagesPerUnit * kind.width * MemoryLayout<Float>.stride
    batchCount = imagesPerUnit * communicator.size * max(1, min(64 * most, mostShareBytes / unitBytes))
    let work = ExtractionWork(kind: kind, source: source, crop: crop)
    self.threads = (0..<pool.count).map { _ in ExtractionThread(work, imageCount: imagesPerUnit) }
  }

  /// What ranks send each other of one batch is held in memory.
  private static let mostShareBytes = 32 << 20
  private static let mostBatchBytes = 1 << 30

  /// What came of a range of images.
  struct Batch {
    /// [images that could be used, width], row after row, in the order of the images.
    var rows: [Float] = []
    /// The others, in their order.
    var bad: [BadSample] = []
  }

  /// The features of the images `range`, at most `batchCount`. All ranks call it, and get the same.
  ///
  /// - Throws: on all ranks alike: also what keeps other images from being read.
  func features(of range: Range<Int>) throws -> Batch {
    precondition(range.count <= batchCount && range.upperBound <= source.count, "more images than one batch")
    let units = (range.count + imagesPerUnit - 1) / imagesPerUnit
    func start(of rank: Int) -> Int {
      min(range.upperBound, range.lowerBound + units * rank / communicator.size * imagesPerUnit)
    }
    let mine = try communicator.together {
      try extract(start(of: communicator.rank)..<start(of: communicator.rank + 1))
    }
    guard communicator.size > 1 else { return mine }
    var batch = Batch()
    let rows = try communicator.allgather(mine.rows.withUnsafeBytes(Array.init))
    for share in rows {
      share.withUnsafeBytes { bytes in
        for index in 0..<bytes.count / 4 {
          batch.rows.append(bytes.loadUnaligned(fromByteOffset: index * 4, as: Float.self))
        }
      }
    }
    // A name and a reason are lines each.
    let bad = mine.bad.map { "\($0.index)\n\($0.name)\n\($0.reason)" }.joined(separator: "\n")
    for lines in try communicator.allgather(bad).map({ $0.split(separator: "\n", omittingEmptySubsequences: false) })
    where lines.count > 1 {
      for start in stride(from: 0, to: lines.count, by: 3) {
        batch.bad.append(
          BadSample(index: Int(lines[start])!, name: String(lines[start + 1]), reason: String(lines[start + 2])))
      }
    }
    return batch
  }

  /// The features of this rank's share of a batch.
  private func extract(_ range: Range<Int>) throws(DatasetError) -> Batch {
    let width = kind.width
    let result = AlignedBuffer<Float>(repeating: 0, count: range.count * width)
    defer { extendLifetime(result) }
    let rows = result.all.reshaped(rows: range.count, columns: width)
    let nextUnit = Monitor(0)
    let failures = Monitor([Int: DatasetError]())
    pool.run { [threads, imagesPerUnit] thread in
      while true {
        let unit = nextUnit.withLock { next in
          defer { next += 1 }
          return next
        }
        let start = unit * imagesPerUnit
        guard start < range.count else { return }
        let places = start..<min(range.count, start + imagesPerUnit)
        let failed = threads[thread].extract(places, of: range, into: rows.rows(places))
        failures.withLock { $0.merge(failed) { first, _ in first } }
      }
    }
    var batch = Batch()
    batch.rows.reserveCapacity(result.count)
    let failed = failures.withLock { $0 }
    for place in 0..<range.count {
      switch failed[place] {
      case nil: batch.rows += rows.row(place).array
      case .badImage(let sample): batch.bad.append(sample)
      case let error?: throw error
      }
    }
    return batch
  }
}
