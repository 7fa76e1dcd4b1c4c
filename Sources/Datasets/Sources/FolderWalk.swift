import Glibc

/// The names in a folder, in no order, without those that begin with a dot.
func listFolder(_ path: String) throws(DatasetError) -> [String] {
  var names: [String] = []
  try forEachEntry(of: path) { name, _ in names.append(String(decoding: name, as: UTF8.self)) }
  return names
}

/// Calls `visit` for each file below `root` with its path from there, and where in that its name begins. Names that
/// begin with a dot are passed over, links are followed.
func walkFolder(
  _ root: String, visit: (_ path: [UInt8], _ nameStart: Int) -> Void
) throws(DatasetError) {
  var ancestors: [FolderIdentity] = []
  try walk(root: root, path: [], ancestors: &ancestors, visit: visit)
}

private func walk(
  root: String, path: [UInt8], ancestors: inout [FolderIdentity], visit: ([UInt8], Int) -> Void
) throws(DatasetError) {
  let folder = path.isEmpty ? root : "\(root)/\(String(decoding: path, as: UTF8.self))"
  let identity = try FolderIdentity(of: folder)
  guard !ancestors.contains(identity) else {
    throw .notADataset(path: folder, reason: "it is a link to a folder that contains it")
  }
  ancestors.append(identity)
  // The folders are entered after the listing, so that only one folder is open at a time.
  var folders: [[UInt8]] = []
  let prefix = path.isEmpty ? [] : path + [UInt8(ascii: "/")]
  try forEachEntry(of: folder) { name, isFolder in
    if isFolder { folders.append(prefix + name) } else { visit(prefix + name, prefix.count) }
  }
  for subfolder in folders {
    try walk(root: root, path: subfolder, ancestors: &ancestors, visit: visit)
  }
  ancestors.removeLast()
}

/// What tells two folders apart whatever paths lead to them.
private struct FolderIdentity: Equatable {
  let device: UInt
  let inode: UInt

  init(of path: String) throws(DatasetError) {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw .unreadable(path: path, reason: String(cString: strerror(errno)))
    }
    (device, inode) = (UInt(status.st_dev), UInt(status.st_ino))
  }
}

/// One pass over a folder. The kind of an entry comes with its name, without a system call each, unless it is a link or
/// the file system does not say.
private func forEachEntry(
  of path: String, _ body: (_ name: UnsafeBufferPointer<UInt8>, _ isFolder: Bool) -> Void
) throws(DatasetError) {
  guard let stream = opendir(path) else {
    throw .unreadable(path: path, reason: String(cString: strerror(errno)))
  }
  defer { closedir(stream) }
  while true {
    errno = 0
    guard let entry = readdir(stream) else { break }
    let kind = Int32(entry.pointee.d_type)
    withUnsafePointer(to: &entry.pointee.d_name) { pointer in
      let name = UnsafeRawPointer(pointer).assumingMemoryBound(to: UInt8.self)
      guard name.pointee != UInt8(ascii: ".") else { return }
      var isFolder = kind == DT_DIR
      var isFile = kind == DT_REG
      if kind == DT_LNK || kind == DT_UNKNOWN {
        var status = stat()
        let answer = fstatat(dirfd(stream), UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self), &status, 0)
        isFolder = answer == 0 && status.st_mode & S_IFMT == S_IFDIR
        // A link that leads nowhere counts as a file, and is reported when it is read.
        isFile = answer != 0 || status.st_mode & S_IFMT == S_IFREG
      }
      guard isFolder || isFile else { return }
      let length = strlen(UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self))
      body(UnsafeBufferPointer(start: name, count: length), isFolder)
    }
  }
  guard errno == 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
}
