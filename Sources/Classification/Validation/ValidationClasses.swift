import Datasets

/// The classes that a classifier learns, in the order of its labels.
struct LearnedClasses {
  let names: [String]
  /// The labels that no image of the training has. A source may have names of classes without an image.
  let empty: Set<Int>

  /// The classes of the images that are trained on.
  init(of source: any ImageSource) {
    names = source.classNames
    empty = Set(names.indices).subtracting((0..<source.count).lazy.compactMap { source.label(of: $0) })
  }

  /// Classes of which it is not known whether there were images of them.
  init(names: [String]) { (self.names, empty) = (names, []) }
}

/// How the classes of validation images are those of the training: by their names, as labels are but places in the order of
/// the names that there are.
struct ValidationClasses: Sendable {
  /// The training's labels of the classes to choose from, ascending.
  let choices: [Int]
  /// Their names.
  let names: [String]
  /// Of each label of the validation images, the place of its class in `choices`; nil where no image has the label.
  let places: [Int?]
  /// Classes of the training that are left out of the choice.
  let leftOut: Int

  /// - Parameters:
  ///   - path: of the validation images, for messages.
  ///   - learned: the training's classes.
  ///   - onlyPresent: whether training classes that the validation lacks are left out of the choice.
  init(
    of source: any ImageSource, at path: String, trained learned: LearnedClasses, onlyPresent: Bool
  ) throws(ClassificationError) {
    let (own, names) = (source.classNames, learned.names)
    guard !own.isEmpty else { throw .noValidationLabels(path: path) }
    let trained = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    // A source may have names of classes without an image.
    let occurring = Set((0..<source.count).compactMap { source.label(of: $0) })
    let unknown = own.indices.filter { occurring.contains($0) && trained[own[$0]] == nil }.map { own[$0] }
    if let first = unknown.first { throw .unknownClass(path: path, name: first, count: unknown.count) }
    let present = Set(occurring.compactMap { trained[own[$0]] })
    let absent = names.indices.filter { !present.contains($0) }
    if !onlyPresent {
      // What the training lacks too is not the validation's fault.
      let empty = absent.filter { learned.empty.contains($0) }
      if let first = empty.first { throw .emptyClass(name: names[first], count: empty.count) }
      if let first = absent.first { throw .absentClass(path: path, name: names[first], count: absent.count) }
    }
    let choices = present.sorted()
    self.choices = choices
    self.names = choices.map { names[$0] }
    leftOut = absent.count
    let numbers = Dictionary(uniqueKeysWithValues: choices.enumerated().map { ($1, $0) })
    places = own.map { name in trained[name].flatMap { numbers[$0] } }
  }
}
