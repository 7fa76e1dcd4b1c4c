import Collectives
import Compute
import Datasets
import Files
import Imaging
import Training

/// A labelled train set and a test set, of any kind.
public struct LabelledData: Sendable {
  public let train: any ImageSource
  public let test: any ImageSource
  /// What messages call the two.
  public let paths: (train: String, test: String)
  /// Whether both are the same images: each is then judged by all others.
  public let isLeaveOneOut: Bool
  /// What tells the two from other data: some hexadecimal digits.
  public let identity: String

  /// Opens both. All ranks call it.
  ///
  /// - Throws: on all ranks alike: data cannot be opened, or ranks see different data.
  public init(
    train trainPaths: DataPaths, test testPaths: DataPaths, decoding: DecodingOptions, communicator: any Communicator
  ) throws {
    let (train, test) = try communicator.together {
      (try openSource(at: trainPaths, options: decoding), try openSource(at: testPaths, options: decoding))
    }
    self.init(train: train, test: test, paths: (trainPaths.description, testPaths.description))
    _ = try communicator.commonIdentity(of: train, path: paths.train)
    _ = try communicator.commonIdentity(of: test, path: paths.test)
  }

  /// Sets that are open, of which all ranks have the same.
  public init(train: any ImageSource, test: any ImageSource, paths: (train: String, test: String)) {
    (self.train, self.test, self.paths) = (train, test, paths)
    let identities = [train.identity(), test.identity()]
    isLeaveOneOut = identities[0] == identities[1]
    identity = String(identities[0].hash.prefix(4) + identities[1].hash.prefix(4))
  }

  /// One set of labelled images, each to be judged by all others.
  public init(_ source: any ImageSource) { self.init(train: source, test: source, paths: (source.kind, source.kind)) }

  /// The classes of all images.
  public func classes() throws(LabelError) -> ClassMatch {
    try ClassMatch(
      train: (train, Array(0..<train.count)), test: (test, Array(0..<test.count)), paths: paths)
  }

  /// The classes of the images that could be used.
  public func classes(of features: (train: FeatureSet, test: FeatureSet)) throws(LabelError) -> ClassMatch {
    try ClassMatch(train: (train, features.train.indices), test: (test, features.test.indices), paths: paths)
  }

  /// The features of both sets. All ranks call it.
  ///
  /// - Parameters:
  ///   - badImages: is asked about each set.
  ///   - advance: is called now and then.
  /// - Throws: on all ranks alike.
  public func features(
    _ kind: FeatureKind, crop: CenterCrop, pool: WorkerPool, badImages: BadImagePolicy, communicator: any Communicator,
    advance: () -> Void = {}
  ) throws -> (train: FeatureSet, test: FeatureSet) {
    func features(of source: any ImageSource) throws -> FeatureSet {
      try FeatureExtractor(kind, of: source, crop: crop, pool: pool, communicator: communicator)
        .all(badImages: badImages, advance: advance)
    }
    let trained = try features(of: train)
    return (trained, isLeaveOneOut ? trained : try features(of: test))
  }
}

extension CenterCrop {
  /// How evaluation usually cuts images for a model: 224 of 256 and in proportion, and all of images that are so small that
  /// each pixel counts.
  public static func usual(for shape: ImageShape) -> CenterCrop {
    CenterCrop(keptFraction: min(shape.height, shape.width) < 96 ? 1 : FeatureExtractor.usualKeptFraction)
  }
}
