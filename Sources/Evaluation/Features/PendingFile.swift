import Files

/// A file that is written under another name beside its place, and takes its own when it is whole; one that never
/// becomes so is gone with this value.
final class PendingFile {
  let path: String
  /// Where it is written.
  let temporary: String
  private let fileSystem = PosixFileSystem()
  private var isCommitted = false

  /// - Throws: `path` exists, if only as a link that leads nowhere.
  init(_ path: String) throws(FeatureError) {
    guard (try? fileKind(path)) == nil else { throw .exists(path: path) }
    self.path = path
    temporary = "\(path).tmp-\(String(UInt32.random(in: 0...UInt32.max), radix: 16))"
  }

  deinit {
    if !isCommitted { try? fileSystem.remove(temporary) }
  }

  /// Gives the file its name once its bytes are on stable storage.
  func commit() throws(FileError) {
    try fileSystem.synchronizeFile(temporary)
    try fileSystem.rename(temporary, to: path)
    isCommitted = true
  }
}
