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
    let data = try communicator.together {
      try LabelledData(
        train: openSource(at: trainPaths, options: decoding), test: openSource(at: testPaths, options: decoding),
        paths: (trainPaths.description, testPaths.description))
    }
    self = data
    _ = try communicator.commonIdentity(of: train, path: paths.train)
    _ = try communicator.commonIdentity(of: test, path: paths.test)
  }

  /// Sets that are open, of which all ranks have the same.
  ///
  /// - Throws: images must be looked at to tell whether the sets are one, and cannot be read.
  public init(train: any ImageSource, test: any ImageSource, paths: (train: String, test: String)) throws {
    let identities = (train: train.identity(), test: test.identity())
    // A folder's identity knows names and sizes, which two sets of arrays may have in common.
    let isOne =
      try identities.train == identities.test && (paths.train == paths.test || train.hasSameImages(as: test))
    self.init(train, test, paths, isLeaveOneOut: isOne, identities)
  }

  /// One set of labelled images, each to be judged by all others.
  public init(_ source: any ImageSource) {
    let identity = source.identity()
    self.init(source, source, (source.kind, source.kind), isLeaveOneOut: true, (identity, identity))
  }

  private init(
    _ train: any ImageSource, _ test: any ImageSource, _ paths: (train: String, test: String), isLeaveOneOut: Bool,
    _ identities: (train: DataIdentity, test: DataIdentity)
  ) {
    (self.train, self.test, self.paths, self.isLeaveOneOut) = (train, test, paths, isLeaveOneOut)
    identity = String(identities.train.hash.prefix(4) + identities.test.hash.prefix(4))
  }

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

extension LabelledData {
  /// The features without those of test images of whose class the train set has none: no answer could be right.
  package func withoutUnknownClasses(
    _ features: (train: FeatureSet, test: FeatureSet)
  ) -> (train: FeatureSet, test: FeatureSet) {
    let known = knownImages(features.test.indices, by: features.train.indices)
    let places = known.indices.filter { known[$0] }
    guard places.count < features.test.count else { return features }
    return (features.train, FeatureSet(places, of: features.test))
  }

  /// The classes of both sets, but for those that only the test set has, and the names of these.
  package func knownClasses() throws(LabelError) -> (classes: ClassMatch, unknown: [String]) {
    let (trained, tested) = (Array(0..<train.count), Array(0..<test.count))
    let known = knownImages(tested, by: trained)
    let unknown = Set(tested.filter { !known[$0] }.compactMap { test.label(of: $0) })
    let classes = try ClassMatch(
      train: (train, trained), test: (test, tested.filter { known[$0] }), paths: paths)
    return (classes, unknown.sorted().map { test.classNames[$0] })
  }

  /// Of each image of the test set, whether some images of the train set have one of its class.
  private func knownImages(_ tested: [Int], by trained: [Int]) -> [Bool] {
    let names = Set(trained.compactMap { train.label(of: $0) }.map { train.classNames[$0] })
    return tested.map { image in test.label(of: image).map { names.contains(test.classNames[$0]) } ?? false }
  }
}

/// What an image is: the bytes of its file where it has one, and else its samples.
private enum ImageContent: Equatable {
  case file(EncodedImage)
  case samples(Image)
}

extension ImageSource {
  /// So many images tell two sets apart that are alike in names and sizes.
  private static var mostComparedImages: Int { 1024 }

  /// Whether the images are those of another source: all are compared where they are few, and else some, spread evenly.
  fileprivate func hasSameImages(as other: any ImageSource) throws -> Bool {
    guard count == other.count else { return false }
    let compared = min(count, Self.mostComparedImages)
    for number in 0..<compared {
      let index = number * count / compared
      guard try content(of: index) == other.content(of: index) else { return false }
    }
    return true
  }

  /// Nil of an image that cannot be used.
  fileprivate func content(of index: Int) throws -> ImageContent? {
    do {
      if let file = try file(at: index) { return .file(file) }
      return .samples(try image(at: index))
    } catch let error as ImagingError {
      guard case .readFailed = error else { return nil }
      throw error
    } catch DatasetError.badImage {
      return nil
    }
  }
}

extension CenterCrop {
  /// How evaluation usually cuts images for a model: 224 of 256 and in proportion, and all of images that are so small that
  /// each pixel counts.
  public static func usual(for shape: ImageShape) -> CenterCrop {
    CenterCrop(keptFraction: min(shape.height, shape.width) < 96 ? 1 : FeatureExtractor.usualKeptFraction)
  }
}
