#if canImport(Glibc)
  import Glibc
#endif

public enum FileKind: Sendable {
  case regular
  case directory
  case other
}

/// What is known of a file without opening it.
public struct FileStatus: Sendable {
  public let kind: FileKind
  /// In bytes; of a regular file.
  public let size: Int
  /// When it was last written to, in nanoseconds since 1970.
  public let modified: Int
  /// What tells two files apart whatever paths lead to them.
  public let identity: Identity

  public struct Identity: Hashable, Sendable {
    let device: UInt
    let inode: UInt
  }

  /// Of what `path` leads to, links followed.
  public init(_ path: String) throws(FileError) {
    self.init(try status(of: path))
  }

  init(_ status: stat) {
    kind = Files.kind(status)
    size = Int(status.st_size)
    // A date of other centuries does not fit; it is only compared.
    modified = status.st_mtim.tv_sec &* 1_000_000_000 &+ status.st_mtim.tv_nsec
    identity = Identity(device: UInt(status.st_dev), inode: UInt(status.st_ino))
  }
}

func kind(_ status: stat) -> FileKind {
  switch status.st_mode & S_IFMT {
  case S_IFREG: .regular
  case S_IFDIR: .directory
  default: .other
  }
}

private func status(of path: String) throws(FileError) -> stat {
  var status = stat()
  try systemCall(.stat, path) { withPathBytes(path) { stat($0, &status) } }
  return status
}

/// What is at `path` (a symbolic link counts as `other`), or an error when nothing is.
public func fileKind(_ path: String) throws(FileError) -> FileKind {
  var status = stat()
  try systemCall(.lstat, path) { withPathBytes(path) { lstat($0, &status) } }
  return kind(status)
}

/// What `path` leads to, links followed; nil when nothing is there.
public func fileKindFollowingLinks(_ path: String) throws(FileError) -> FileKind? {
  do {
    return try FileStatus(path).kind
  } catch  where error.isNotFound {
    return nil
  }
}

/// The number of bytes of a regular file.
public func fileSize(_ path: String) throws(FileError) -> Int {
  try FileStatus(path).size
}

/// - Throws: this process may not create files in the folder.
public func requireWritableDirectory(_ path: String) throws(FileError) {
  try systemCall(.access, path) { withPathBytes(path) { access($0, W_OK | X_OK) } }
}

/// The last part of a path: the name that it has in its folder.
public func lastComponent(of path: String) -> String {
  path.split(separator: "/").last.map(String.init) ?? path
}

/// The folder that holds `path`.
public func parentDirectory(of path: String) -> String {
  let trimmed = path.reversed().drop { $0 == "/" }
  guard let slash = trimmed.firstIndex(of: "/") else { return path.hasPrefix("/") ? "/" : "." }
  let parent = String(trimmed[slash...].drop { $0 == "/" }.reversed())
  return parent.isEmpty ? "/" : parent
}
