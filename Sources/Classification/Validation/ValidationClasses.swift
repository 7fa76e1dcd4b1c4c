import Datasets

/// How the classes of validation images are those of the training: by their names, as labels are but places in the order of
/// the names that there are.
struct ValidationClasses: Sendable {
  /// Of each label of the validation images, that of the training; one that is none of it where no image has the label.
  let trained: [Int]
  /// Of each label of the training, whether its class is one of those to choose from.
  let isPresent: [Bool]

  /// - Parameters:
  ///   - path: of the validation images, for messages.
  ///   - names: of the training's classes.
  ///   - onlyPresent: whether training classes that the validation lacks are left out of the choice.
  init(
    of source: any ImageSource, at path: String, trained names: [String], onlyPresent: Bool
  ) throws(ClassificationError) {
    let own = source.classNames
    guard !own.isEmpty else { throw .noValidationLabels(path: path) }
    let places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    // A source may have names of classes without an image.
    let occurring = Set((0..<source.count).compactMap { source.label(of: $0) })
    let unknown = own.indices.filter { places[own[$0]] == nil && occurring.contains($0) }.map { own[$0] }
    if let first = unknown.first { throw .unknownClass(path: path, name: first, count: unknown.count) }
    let trained = own.map { places[$0] ?? names.count }
    self.trained = trained
    let present = Set(occurring.map { trained[$0] })
    let absent = names.indices.filter { !present.contains($0) }
    if let first = absent.first, !onlyPresent {
      throw .absentClass(path: path, name: names[first], count: absent.count)
    }
    isPresent = names.indices.map { !onlyPresent || present.contains($0) }
  }
}
