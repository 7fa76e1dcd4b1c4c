import Files
import Glibc
import Hashing
import Imaging

/// Paths of files, sorted by their bytes or in the order of a list.
///
/// A data set may have millions of files, so the paths lie one after another in one piece of memory: a path costs
/// its length and nine bytes.
struct PathTable: Sendable {
  private let storage: [UInt8]
  /// Where each path begins in `storage`, in the order of the table; a zero byte ends it.
  private let starts: [Int]

  /// Lists the files below `root` whose names end in one of `extensions` (lower case; names match in any case), and
  /// what else there is.
  init(root: String, extensions: [String], findings: inout FolderFindings) throws(DatasetError) {
    let endings = extensions.map { Array($0.utf8) }
    var storage: [UInt8] = []
    var starts: [Int] = []
    func take(_ path: [UInt8], nameStart: Int) {
      guard endings.contains(where: { endsIgnoringCase(path[nameStart...], with: $0) }) else {
        findings.passOver(path[nameStart...])
        return
      }
      if nameStart == 0 { findings.takeFromRoot(path) }
      starts.append(storage.count)
      storage.append(contentsOf: path)
      storage.append(0)
    }
    try walkFolder(root, visitFolder: { findings.folders.append($0) }, visit: take)
    storage.withUnsafeBufferPointer { bytes in
      starts.sort { precedes(bytes.baseAddress! + $0, bytes.baseAddress! + $1) }
    }
    (self.storage, self.starts) = (storage, starts)
  }

  /// The given paths in their order.
  init(_ paths: [ArraySlice<UInt8>]) {
    var storage: [UInt8] = []
    var starts: [Int] = []
    for path in paths {
      starts.append(storage.count)
      storage.append(contentsOf: path)
      storage.append(0)
    }
    (self.storage, self.starts) = (storage, starts)
  }

  var count: Int { starts.count }

  /// The path at `index` for people to read.
  subscript(index: Int) -> String { escaped(pathText(path(at: index))) }

  /// The path at `index` as the system has it.
  func bytes(of index: Int) -> [UInt8] { Array(path(at: index)) }

  /// Gives the hash all paths in the order of the table, each with the zero byte that ends it.
  func feed(_ hash: ContentHash) {
    storage.withUnsafeBytes { bytes in
      for start in starts {
        let length = strlen(bytes.baseAddress!.assumingMemoryBound(to: CChar.self) + start) + 1
        hash.update(UnsafeRawBufferPointer(rebasing: bytes[start..<start + length]))
      }
    }
  }

  /// Sizes of so many files are looked at, evenly spread: on a network file system each is a question to its server, and
  /// images that were encoded anew have nearly all other sizes.
  static let sizesInIdentity = 1024

  /// Gives the hash the sizes of at most 1024 files; paths without a slash at the beginning begin in `folder`.
  func feedSizes(_ hash: ContentHash, folder: String) {
    let sizes = min(count, Self.sizesInIdentity)
    for number in 0..<sizes {
      let path = bytes(of: number * count / sizes)
      let whole = path.first == UInt8(ascii: "/") ? pathText(path) : "\(folder)/\(pathText(path))"
      // What cannot be looked at has no size; it is reported when it is read.
      let size = try? fileSize(whole)
      hash.update(size.map(UInt64.init) ?? .max)
    }
  }

  /// The first folders of all paths in byte order, and for each path the number of its own; both empty if some file
  /// lies directly in the root.
  func classes() -> (names: [[UInt8]], labels: [Int32]) {
    var folders: [ArraySlice<UInt8>] = []
    for index in 0..<count {
      let path = path(at: index)
      guard let slash = path.firstIndex(of: UInt8(ascii: "/")) else { return ([], []) }
      // The files of a folder follow one another.
      if folders.last?.elementsEqual(path[..<slash]) != true { folders.append(path[..<slash]) }
    }
    // "a-b/" sorts before "a/", although "a" sorts before "a-b".
    folders.sort { $0.lexicographicallyPrecedes($1) }
    let numbers = Dictionary(uniqueKeysWithValues: zip(folders.map { Array($0) }, Int32(0)...))
    var labels: [Int32] = []
    labels.reserveCapacity(count)
    var current: (folder: ArraySlice<UInt8>, label: Int32)?
    for index in 0..<count {
      let folder = path(at: index).prefix { $0 != UInt8(ascii: "/") }
      if current?.folder.elementsEqual(folder) != true { current = (folder, numbers[Array(folder)]!) }
      labels.append(current!.label)
    }
    return (folders.map { Array($0) }, labels)
  }

  private func path(at index: Int) -> ArraySlice<UInt8> {
    storage[starts[index]...].prefix { $0 != 0 }
  }
}

func endsIgnoringCase(_ name: ArraySlice<UInt8>, with ending: [UInt8]) -> Bool {
  guard name.count >= ending.count else { return false }
  return zip(name.suffix(ending.count), ending).allSatisfy { byte, wanted in
    (UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte) == wanted
  }
}

/// Byte order of two paths that end in a zero byte.
private func precedes(_ left: UnsafePointer<UInt8>, _ right: UnsafePointer<UInt8>) -> Bool {
  var (left, right) = (left, right)
  while left.pointee == right.pointee && left.pointee != 0 {
    left += 1
    right += 1
  }
  return left.pointee < right.pointee
}
