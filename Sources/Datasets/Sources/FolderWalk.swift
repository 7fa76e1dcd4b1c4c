import Files

/// The names in a folder, in no order, without those that begin with a dot.
func listFolder(_ path: String) throws(DatasetError) -> [String] {
  var names: [String] = []
  try forEachVisibleEntry(of: path) { name, _ in names.append(pathText(name)) }
  return names
}

/// Calls `visit` for each file below `root` with its path from there, and where in that its name begins. Names that
/// begin with a dot are passed over, links are followed.
func walkFolder(
  _ root: String, visit: (_ path: [UInt8], _ nameStart: Int) -> Void
) throws(DatasetError) {
  var ancestors: [FileStatus.Identity] = []
  try walk(root: root, path: [], ancestors: &ancestors, visit: visit)
}

private func walk(
  root: String, path: [UInt8], ancestors: inout [FileStatus.Identity], visit: ([UInt8], Int) -> Void
) throws(DatasetError) {
  let folder = path.isEmpty ? root : "\(root)/\(pathText(path))"
  let identity = try readingDataset { () throws(FileError) in try FileStatus(folder).identity }
  guard !ancestors.contains(identity) else {
    throw .notADataset(path: folder, reason: "it is a link to a folder that contains it")
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
    try walk(root: root, path: subfolder, ancestors: &ancestors, visit: visit)
  }
  ancestors.removeLast()
}

private func forEachVisibleEntry(
  of path: String, _ body: (_ name: UnsafeBufferPointer<UInt8>, _ kind: FileKind) -> Void
) throws(DatasetError) {
  try readingDataset { () throws(FileError) in
    try forEachEntry(of: path) { name, kind in
      if name.first != UInt8(ascii: ".") { body(name, kind) }
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
