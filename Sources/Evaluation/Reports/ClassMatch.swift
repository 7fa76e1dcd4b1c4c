import Datasets
import Files
import Training

/// Why labelled images are nothing to learn from, or to be judged by.
public enum LabelError: UsageError, Equatable, CustomStringConvertible {
  case noLabels(path: String, kind: String)
  case singleClass(path: String, name: String)
  /// Of classes that the test set has and the train set has not.
  case unknownClasses(names: [String], trainPath: String, images: Int)
  case tooManyNeighbors(k: Int, images: Int, isLeaveOneOut: Bool)
  case tooFewImages(perClass: Int)
  case sameName(path: String, name: String)

  /// What images with labels are kept in, for sentences.
  public static let labelledSets =
    "a folder with a subfolder for each class, tar shards with .cls members, an IDX file or an array with its labels beside "
    + "it, or CIFAR files"

  public var description: String {
    switch self {
    case .noLabels(let path, let kind):
      "\(escaped(path)) (\(kind)) has no labels; give \(Self.labelledSets)"
    case .singleClass(let path, let name):
      "all images of \(escaped(path)) that can be used are of the class \"\(name)\": there is nothing to tell apart; give "
        + "a train set of two classes or more"
    case .unknownClasses(let names, let trainPath, let images):
      "the test set has \(images) images of \(names.count == 1 ? "the class" : "the classes") "
        + "\(list(names)), of which \(escaped(trainPath)) has none: no answer could be right; classes are matched by "
        + "their names, so rename or remove what is spelled otherwise"
    case .tooManyNeighbors(let k, let images, let isLeaveOneOut):
      "k is \(k), and an image has \(images) others "
        + (isLeaveOneOut ? "in the train set, which is the test set too" : "to be compared with in the train set")
        + "; take a smaller -k"
    case .tooFewImages(let perClass):
      "no class of the train set has \(perClass) images, so that none can be held out to choose a strength by; name one "
        + "with --strength"
    case .sameName(let path, let name):
      "two classes of \(escaped(path)) have the name \"\(name)\", however it is encoded; rename one"
    }
  }

  public var isUsage: Bool { true }
}

/// The first few of some names, and how many there are more.
private func list(_ names: [String]) -> String {
  let shown = names.prefix(5).map { "\"\($0)\"" }.joined(separator: ", ")
  return names.count > 5 ? "\(shown) and \(names.count - 5) more" : shown
}

/// The labels of a train and a test set in one numbering: classes of one name are one class, in the order of the train
/// set's.
public struct ClassMatch: Sendable, Equatable {
  /// The classes of the train set that it has images of.
  public let classNames: [String]
  /// The class of each image that was asked for.
  public let trainLabels: [Int]
  public let testLabels: [Int]
  /// What deserves to be said of the classes, a sentence each.
  public let notes: [String]

  /// - Parameters:
  ///   - train, test: the sets, and the indices of the images of each that take part.
  ///   - paths: what messages call them.
  public init(
    train: (source: any ImageSource, indices: [Int]), test: (source: any ImageSource, indices: [Int]),
    paths: (train: String, test: String)
  ) throws(LabelError) {
    let trained = try Self.labels(train, paths.train)
    let tested = try Self.labels(test, paths.test)
    // Classes of which no image takes part are none.
    var numbers: [Int?] = Array(repeating: nil, count: train.source.classNames.count)
    let present = Set(trained).sorted()
    for (number, label) in present.enumerated() { numbers[label] = number }
    let names = present.map { train.source.classNames[$0] }
    guard names.count > 1 else {
      throw .singleClass(path: paths.train, name: names.first ?? "")
    }
    classNames = names
    trainLabels = trained.map { numbers[$0]! }
    let byName = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    let matched = test.source.classNames.map { byName[$0] }
    let unknown = tested.filter { matched[$0] == nil }
    guard unknown.isEmpty else {
      throw .unknownClasses(
        names: Set(unknown).sorted().map { test.source.classNames[$0] }, trainPath: paths.train, images: unknown.count)
    }
    testLabels = tested.map { matched[$0]! }
    var notes: [String] = []
    let empty = train.source.classNames.indices.filter { numbers[$0] == nil }.map { train.source.classNames[$0] }
    if !empty.isEmpty { notes.append("the train set has no image of \(list(empty)), which can be no answer") }
    let tests = Set(testLabels)
    let untested = names.indices.filter { !tests.contains($0) }.map { names[$0] }
    if !untested.isEmpty {
      notes.append("the test set has no image of \(list(untested)), which can only be wrong answers")
    }
    self.notes = notes
  }

  private static func labels(
    _ set: (source: any ImageSource, indices: [Int]), _ path: String
  ) throws(LabelError) -> [Int] {
    let labels = set.indices.compactMap { set.source.label(of: $0) }
    guard !set.source.classNames.isEmpty, labels.count == set.indices.count else {
      throw .noLabels(path: path, kind: set.source.kind)
    }
    var names: Set<String> = []
    if let name = set.source.classNames.first(where: { !names.insert($0).inserted }) {
      throw .sameName(path: path, name: name)
    }
    return labels
  }
}
