#if canImport(Glibc)
  import Glibc
#endif

/// What a file system has room for, in bytes.
public struct FileSystemSpace: Sendable, Equatable {
  public var totalBytes: Int
  /// What this user may still take.
  public var availableBytes: Int

  public init(totalBytes: Int, availableBytes: Int) {
    self.totalBytes = totalBytes
    self.availableBytes = availableBytes
  }

  /// Of the file system that holds `path`, which must exist.
  public init(of path: String) throws(FileError) {
    var status = statvfs()
    try systemCall(.statvfs, path) { withPathBytes(path) { statvfs($0, &status) } }
    let block = Int(status.f_frsize)
    self.init(totalBytes: Int(status.f_blocks) * block, availableBytes: Int(status.f_bavail) * block)
  }
}

/// The path itself, or the nearest folder above it that exists: where what is not there yet would be created.
public func nearestExisting(_ path: String) -> String {
  var path = path
  while (try? fileKindFollowingLinks(path)) == nil {
    let parent = parentDirectory(of: path)
    if parent == path { break }
    path = parent
  }
  return path
}
