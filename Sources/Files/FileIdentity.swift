#if canImport(Glibc)
  import Glibc
#endif

/// What tells a file apart from all others of a machine, whatever names lead to it.
public struct FileIdentity: Equatable, Sendable {
  private let device: UInt64
  private let inode: UInt64

  public init(of path: String) throws(FileError) {
    var status = stat()
    try systemCall("stat", path) { stat(path, &status) }
    (device, inode) = (UInt64(status.st_dev), UInt64(status.st_ino))
  }
}
