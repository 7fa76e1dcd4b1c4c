import Files
import Imaging

/// What a folder holds beside the images that are taken, as lines that say what to do about it.
struct FolderFindings {
  /// Directly in the root.
  var folders: [[UInt8]] = []
  /// Images directly in the root: how many, and the first in byte order.
  private var filesInRoot = 0
  private var firstInRoot: [UInt8] = []
  /// How many files are not named as images, by what their names end in.
  private var passedOver: [String: Int] = [:]

  mutating func passOver(_ name: ArraySlice<UInt8>) {
    let ending = name.lastIndex(of: UInt8(ascii: ".")).map { name[$0...] } ?? []
    passedOver[ending.isEmpty || ending.count > 12 ? "others" : "*\(escaped(ending).lowercased())", default: 0] += 1
  }

  mutating func takeFromRoot(_ name: [UInt8]) {
    if filesInRoot == 0 || name.lexicographicallyPrecedes(firstInRoot) { firstInRoot = name }
    filesInRoot += 1
  }

  /// - Parameters:
  ///   - root: the folder, as it was given.
  ///   - classes: the names of folders that hold images; empty where an image lies beside them.
  func notes(root: String, classes: [[UInt8]]) -> [String] {
    var notes: [String] = []
    if !passedOver.isEmpty {
      let kinds = passedOver.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      let list = kinds.prefix(5).map { "\($0.value) \($0.key)" } + (kinds.count > 5 ? ["…"] : [])
      let count = passedOver.values.reduce(0, +)
      notes.append(
        "passed over \(count) file\(count == 1 ? " that is" : "s that are") not named as images: "
          + list.joined(separator: ", "))
    }
    if !folders.isEmpty, filesInRoot > 0 {
      let others = filesInRoot - 1
      notes.append(
        "\(escaped(firstInRoot))\(others > 0 ? " and \(others) other images lie" : " lies") beside the folders, so no image has "
          + "a class; if the folders are classes, move what lies beside them away")
    }
    guard !classes.isEmpty else { return notes }
    let empty = folders.filter { !classes.contains($0) }.sorted { $0.lexicographicallyPrecedes($1) }
    if !empty.isEmpty {
      notes.append(
        "\(empty.prefix(5).map { escaped($0) }.joined(separator: ", "))\(empty.count > 5 ? " …" : "") "
          + "\(empty.count == 1 ? "holds no image and is" : "hold no image and are") no class, so later classes have "
          + "smaller numbers than with it")
    }
    let parts = ["train", "training", "val", "valid", "validation", "test"].map { Array($0.utf8) }
    if classes.allSatisfy(parts.contains) {
      let names = classes.map { escaped($0) }
      notes.append(
        "\(names.joined(separator: " and ")) \(names.count == 1 ? "was" : "were") taken as a class each, and all their "
          + "images together; for one part alone, give \(root)/\(names.contains("train") ? "train" : names[0])")
    }
    return notes
  }
}
