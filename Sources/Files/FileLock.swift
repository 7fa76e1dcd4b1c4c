#if canImport(Glibc)
  import Glibc
#endif

/// An advisory lock on a file (`flock`), held until the value is gone or the process ends, however it ends.
public final class FileLock: @unchecked Sendable {
  public enum Mode: Sendable {
    /// Any number may hold it together.
    case shared
    /// One alone.
    case exclusive
  }

  public let path: String
  private let descriptor: Int32

  /// nil when somebody holds it in a way that excludes this one.
  ///
  /// - Parameter creating: whether to create the file when it does not exist.
  public init?(_ path: String, _ mode: Mode, creating: Bool = false) throws(FileError) {
    // Over NFS an exclusive lock needs a descriptor that may write.
    let descriptor = try openRegularFile(path, (mode == .shared ? O_RDONLY : O_RDWR) | (creating ? O_CREAT : 0))
      .descriptor
    do {
      try systemCall(.flock, path) { flock(descriptor, (mode == .shared ? LOCK_SH : LOCK_EX) | LOCK_NB) }
    } catch {
      close(descriptor)
      if error.code == EWOULDBLOCK {
        return nil
      }
      throw error
    }
    self.path = path
    self.descriptor = descriptor
  }

  deinit {
    close(descriptor)
  }

  /// Makes `text` all that the file holds.
  public func write(_ text: String) throws(FileError) {
    try systemCall(.ftruncate, path) { ftruncate(descriptor, 0) }
    let bytes = Array(text.utf8)
    try bytes.withUnsafeBufferPointer { (buffer: UnsafeBufferPointer<UInt8>) throws(FileError) in
      try writeAll(UnsafeRawBufferPointer(buffer), to: descriptor, path: path)
    }
  }
}
