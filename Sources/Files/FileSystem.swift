#if canImport(Glibc)
  import Glibc
#endif

/// Takes the next bytes of a file that is being written. The bytes are valid during the call only.
public typealias ByteSink = (UnsafeRawBufferPointer) throws(FileError) -> Void

/// Hands all bytes of a file to a sink, piece after piece, so that no file is ever whole in memory.
public typealias ByteSource = (@escaping ByteSink) throws(FileError) -> Void

/// Every way in which saving a checkpoint changes the file system.
///
/// There is one real implementation, ``PosixFileSystem``. That all changes pass through here is what lets tests
/// stop the sequence at each point, lose what was not yet synchronised, or report a full disk.
public protocol FileSystem: Sendable {
  /// Creates one folder; its parent must exist, it must not.
  func createDirectory(_ path: String) throws(FileError)

  /// Creates a file that must not exist yet and writes what `source` hands out. The bytes may still be lost with
  /// the power until ``synchronizeFile(_:)``.
  func write(_ path: String, _ source: ByteSource) throws(FileError)

  /// Writes what `source` hands out from byte `offset` of a file on, which is created where it does not exist yet; what
  /// else is in it stays. Several may write to different parts of a file at the same time. The bytes may still be lost
  /// with the power until ``synchronizeFile(_:)``.
  func write(_ path: String, at offset: Int, _ source: ByteSource) throws(FileError)

  /// Returns when the bytes of the file that this process wrote are on stable storage.
  func synchronizeFile(_ path: String) throws(FileError)

  /// Returns when the names in the folder (created, renamed, removed) are on stable storage.
  func synchronizeDirectory(_ path: String) throws(FileError)

  /// Gives `source` the name `destination` in one atomic step.
  func rename(_ source: String, to destination: String) throws(FileError)

  /// Removes a file, a symbolic link or an empty folder.
  func remove(_ path: String) throws(FileError)
}

extension FileSystem {
  /// Creates a folder unless it exists, by whoever's hand.
  public func createDirectoryIfMissing(_ path: String) throws(FileError) {
    do {
      if try fileKindFollowingLinks(path) == nil { try createDirectory(path) }
    } catch  where error.isAlreadyThere {
      // Another writer was faster.
    }
  }

  /// Creates a folder and those on the way to it, except what exists.
  public func createDirectories(_ path: String) throws(FileError) {
    do {
      try createDirectory(path)
    } catch {
      if error.isAlreadyThere, try fileKindFollowingLinks(path) == .directory { return }
      let parent = parentDirectory(of: path)
      guard error.code == ENOENT, parent != path else { throw error }
      try createDirectories(parent)
      try createDirectoryIfMissing(path)
    }
  }

  /// Removes a file, or a folder with everything in it. What is already gone is no error.
  public func removeTree(_ path: String) throws(FileError) {
    do {
      if try fileKind(path) == .directory {
        for name in try listDirectory(path) {
          try removeTree("\(path)/\(name)")
        }
      }
      try remove(path)
    } catch {
      if !error.isNotFound {
        throw error
      }
    }
  }
}
