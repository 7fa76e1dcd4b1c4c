import Files

/// The names of files and folders in a folder, in no order: without litter, and without the files whose names end so.
func listFolder(_ path: String, passingOver endings: [String]) throws(DatasetError) -> [String] {
  let endings = endings.map { Array($0.utf8) }
  var names: [String] = []
  try forEachVisibleEntry(of: path) { name, kind in
    if kind != .directory, endings.contains(where: { endsIgnoringCase(name[...], with: $0) }) { return }
    names.append(pathText(name))
  }
  return names
}

/// Calls `visit` for each file below `root` with its path from there, and where in that its name begins, and
/// `visitFolder` for each folder directly in it. Litter is passed over, links are followed.
func walkFolder(
  _ root: String, visitFolder: (_ name: [UInt8]) -> Void, visit: (_ path: [UInt8], _ nameStart: Int) -> Void
) throws(DatasetError) {
  var ancestors: [FileStatus.Identity] = []
  try walk(root: root, path: [], ancestors: &ancestors, visitFolder: visitFolder, visit: visit)
}

private func walk(
  root: String, path: [UInt8], ancestors: inout [FileStatus.Identity], visitFolder: ([UInt8]) -> Void,
  visit: ([UInt8], Int) -> Void
) throws(DatasetError) {
  let folder = path.isEmpty ? root : "\(root)/\(pathText(path))"
  let identity = try readingDataset { () throws(FileError) in try FileStatus(folder).identity }
  guard !ancestors.contains(identity) else {
    throw .notADataset(path: escaped(folder), reason: "it is a link to a folder that contains it")
  }
  ancestors.append(identity)
  // The folders are entered after the listing, so that only one folder is open at a time.
  var folders: [[UInt8]] = []
  let prefix = path.isEmpty ? [] : path + [UInt8(ascii: "/")]
  try forEachVisibleEntry(of: folder) { name, kind in
    switch kind {
    case .directory: folders.append(prefix + name)
    case .regular: visit(prefix + name, prefix.count)
    case .other: break
    }
  }
  for subfolder in folders {
    if path.isEmpty { visitFolder(subfolder) }
    try walk(root: root, path: subfolder, ancestors: &ancestors, visitFolder: { _ in }, visit: visit)
  }
  ancestors.removeLast()
}

/// What systems and programs leave in folders beside what people put there. Names that begin with a dot are litter too.
private let litter = ["@eaDir", "#recycle", "__MACOSX", "$RECYCLE.BIN", "System Volume Information", "lost+found"]
  .map { Array($0.utf8) }

/// One pass over a folder's files and folders, without litter.
private func forEachVisibleEntry(
  of path: String, _ body: (_ name: [UInt8], _ kind: FileKind) -> Void
) throws(DatasetError) {
  try readingDataset { () throws(FileError) in
    try forEachEntry(of: path) { name, kind in
      guard name.first != UInt8(ascii: "."), kind != .other else { return }
      let name = Array(name)
      if !litter.contains(name) { body(name, kind) }
    }
  }
}

/// Runs `body` and passes its error on as this module's.
func readingDataset<Value>(_ body: () throws(FileError) -> Value) throws(DatasetError) -> Value {
  do {
    return try body()
  } catch {
    throw .unreadable(path: error.path, reason: error.reason)
  }
}
