#if canImport(Glibc)
  import Glibc
#endif

/// One pass over a folder, in no order, without `.` and `..`. The kind of an entry comes with its name, without a system
/// call each, unless it is a link or the file system does not say; links are followed, and one that leads nowhere counts as
/// a file, whose trouble shows when it is read.
///
/// - Parameter body: `name` is the entry's bytes, valid during the call.
public func forEachEntry(
  of path: String, _ body: (_ name: UnsafeBufferPointer<UInt8>, _ kind: FileKind) -> Void
) throws(FileError) {
  let descriptor = try openFile(path, O_RDONLY | O_DIRECTORY)
  guard let stream = fdopendir(descriptor) else {
    let code = errno
    close(descriptor)
    throw FileError(call: .open, path: path, code: code)
  }
  defer { closedir(stream) }
  while let entry = try nextEntry(of: stream, path) {
    let type = Int(entry.pointee.d_type)
    withUnsafePointer(to: &entry.pointee.d_name) { pointer in
      let characters = UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self)
      let name = UnsafeRawBufferPointer(start: pointer, count: strlen(characters)).assumingMemoryBound(to: UInt8.self)
      guard !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8) else { return }
      body(name, kind(of: characters, type, in: stream))
    }
  }
}

private func nextEntry(of stream: OpaquePointer, _ path: String) throws(FileError) -> UnsafeMutablePointer<dirent>? {
  var entry: UnsafeMutablePointer<dirent>?
  // The end and an error look alike but for errno: a folder that is read in part must not pass for the whole.
  try systemCall(.readdir, path) {
    errno = 0
    entry = readdir(stream)
    return entry == nil && errno != 0 ? -1 : 0
  }
  return entry
}

private func kind(of name: UnsafePointer<CChar>, _ type: Int, in stream: OpaquePointer) -> FileKind {
  switch type {
  case DT_DIR: return .directory
  case DT_REG: return .regular
  case DT_LNK, DT_UNKNOWN:
    var status = stat()
    return fstatat(dirfd(stream), name, &status, 0) == 0 ? kind(status) : .regular
  default: return .other
  }
}

/// The names in a folder in the order of their bytes, without `.` and `..`.
public func listDirectory(_ path: String) throws(FileError) -> [String] {
  var names: [[UInt8]] = []
  try forEachEntry(of: path) { name, _ in names.append(Array(name)) }
  return names.sorted { $0.lexicographicallyPrecedes($1) }.map(pathText)
}
