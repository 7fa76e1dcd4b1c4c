import Foundation

/// What POSIX promises about a disk whose power fails, and not more; and of several writers what a network file system
/// promises, and not more.
///
/// What a writer wrote to a file is safe after its own fsync of the file, not after another's. A name (created, renamed,
/// removed) is safe after an fsync of the folder that it is in, not of the file. What was not yet made safe may or may not
/// be there, each change for itself, in whatever order.
final class SimulatedDisk {
  /// What becomes of the bytes that were written since a file's last fsync.
  enum UnsafeBytes: CaseIterable {
    case kept
    case lost
    /// Those of the first half of the writes got to the disk.
    case early
    /// Those of the second half did.
    case late
    /// The length got to the disk, the bytes did not.
    case zero
  }

  private struct Write {
    let offset: Int
    let bytes: [UInt8]
    let writer: Int

    func apply(to contents: inout [UInt8]) {
      contents += [UInt8](repeating: 0, count: max(0, offset + bytes.count - contents.count))
      contents.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }
  }

  private final class File {
    var safe: [UInt8] = []
    var pending: [Write] = []

    func synchronize(_ writer: Int) {
      for write in pending where write.writer == writer { write.apply(to: &safe) }
      pending.removeAll { $0.writer == writer }
    }

    func survivors(_ bytes: UnsafeBytes) -> [UInt8] {
      var contents = safe
      let half = pending.count / 2
      switch bytes {
      case .kept: for write in pending { write.apply(to: &contents) }
      case .lost: break
      case .early:
        // Of a single write, half its bytes.
        for write in pending[..<half] { write.apply(to: &contents) }
        if half < pending.count {
          let next = pending[half]
          Write(offset: next.offset, bytes: Array(next.bytes.prefix(next.bytes.count / 2)), writer: next.writer)
            .apply(to: &contents)
        }
      case .late: for write in pending[half...] { write.apply(to: &contents) }
      case .zero:
        let length = pending.map { $0.offset + $0.bytes.count }.max() ?? 0
        contents += [UInt8](repeating: 0, count: max(0, length - contents.count))
      }
      return contents
    }
  }

  private final class Folder {
    var names: [String: Node] = [:]
    var safeNames: [String: Node] = [:]
    var unsafeChanges: [Change] = []
  }

  private enum Node {
    case file(File)
    case folder(Folder)
  }

  private enum Change {
    case add(String, Node)
    /// With the node, because the new name may get to the disk where the old one never did.
    case rename(from: String, to: String, Node)
    case remove(String)
  }

  /// What is on a disk: the contents of its files by path; a folder ends in a slash and has none.
  typealias Contents = [String: [UInt8]]

  private let rootPath: String
  private let root = Folder()

  /// - Parameter rootPath: the folder that it simulates, empty and safe at first.
  init(_ rootPath: String) {
    self.rootPath = rootPath
  }

  func apply(_ operation: FileOperation) {
    switch operation {
    case .createDirectory(let path):
      if !exists(path) { change(path) { .add($0, .folder(Folder())) } }
    case .createFile(let path):
      if !exists(path) { change(path) { .add($0, .file(File())) } }
    case .write(let path, let offset, let bytes, let writer):
      file(path).pending.append(Write(offset: offset, bytes: bytes, writer: writer))
    case .synchronizeFile(let path, let writer): file(path).synchronize(writer)
    case .synchronizeDirectory(let path):
      let folder = folder(path)
      folder.safeNames = folder.names
      folder.unsafeChanges = []
    case .rename(let source, let destination):
      let (folder, name) = locate(source)
      let (target, newName) = locate(destination)
      precondition(folder === target, "only renames inside a folder are simulated")
      guard let node = folder.names[name] else { preconditionFailure("\(source) does not exist") }
      change(source) { .rename(from: $0, to: newName, node) }
    case .remove(let path): change(path) { .remove($0) }
    }
  }

  /// Everything that could be found after a power cut now.
  func possibleContents() -> Set<Contents> {
    var result: Set<Contents> = []
    for bytes in UnsafeBytes.allCases {
      result.formUnion(possible(root, prefix: "", bytes))
    }
    return result
  }

  private func possible(_ folder: Folder, prefix: String, _ bytes: UnsafeBytes) -> [Contents] {
    precondition(folder.unsafeChanges.count <= 10, "too many changes for all their subsets")
    var result: Set<Contents> = []
    for subset in 0..<1 << folder.unsafeChanges.count {
      var names = folder.safeNames
      for (index, change) in folder.unsafeChanges.enumerated() where subset >> index & 1 == 1 {
        Self.perform(change, on: &names)
      }
      var contents: [Contents] = [[:]]
      for (name, node) in names {
        let path = prefix + name
        switch node {
        case .file(let file):
          let survived = file.survivors(bytes)
          contents = contents.map { $0.merging([path: survived]) { $1 } }
        case .folder(let inner):
          let inners = possible(inner, prefix: path + "/", bytes)
          contents = contents.flatMap { outer in
            inners.map { outer.merging($0) { $1 }.merging([path + "/": []]) { $1 } }
          }
        }
      }
      result.formUnion(contents)
    }
    return Array(result)
  }

  private func change(_ path: String, _ make: (String) -> Change) {
    let (folder, name) = locate(path)
    let change = make(name)
    Self.perform(change, on: &folder.names)
    folder.unsafeChanges.append(change)
  }

  private static func perform(_ change: Change, on names: inout [String: Node]) {
    switch change {
    case .add(let name, let node): names[name] = node
    case .rename(let source, let destination, let node):
      names[source] = nil
      names[destination] = node
    case .remove(let name): names[name] = nil
    }
  }

  private func exists(_ path: String) -> Bool {
    let (folder, name) = locate(path)
    return folder.names[name] != nil
  }

  private func file(_ path: String) -> File {
    let (folder, name) = locate(path)
    guard case .file(let file) = folder.names[name] else { preconditionFailure("\(path) is no file") }
    return file
  }

  private func folder(_ path: String) -> Folder {
    precondition(path == rootPath || path.hasPrefix(rootPath + "/"), "\(path) is not on this disk")
    var folder = root
    for name in path.dropFirst(rootPath.count).split(separator: "/") {
      guard case .folder(let inner) = folder.names[String(name)] else { preconditionFailure("\(path) is no folder") }
      folder = inner
    }
    return folder
  }

  /// The folder that a path's last name is in, and that name.
  private func locate(_ path: String) -> (Folder, String) {
    guard let slash = path.lastIndex(of: "/") else { preconditionFailure("\(path) is not on this disk") }
    return (folder(String(path[..<slash])), String(path[path.index(after: slash)...]))
  }
}
