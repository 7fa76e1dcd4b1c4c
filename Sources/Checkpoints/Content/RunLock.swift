#if canImport(Glibc)
  import Glibc
#endif

/// Says that a run directory is in use, as long as the value lives or until the process ends, however it ends.
///
/// It is a lock on the file `.lock` in the directory, which names its holder. The file stays afterwards: removing
/// it would let two processes lock two files of the same name.
public final class RunLock: Sendable {
  public let runDirectory: String
  private let lock: FileLock

  /// - Throws: ``CheckpointError/inUse(runDirectory:holder:)`` when a live process holds it, or the file cannot be
  ///   created or locked.
  public init(runDirectory: String) throws(CheckpointError) {
    let path = "\(runDirectory)/.lock"
    let taken = try fromFiles { () throws(FileError) in
      let taken = try FileLock(path, .exclusive, creating: true)
      try taken?.write("process \(getpid()) on host \(hostName())\n")
      return taken
    }
    guard let taken else {
      throw .inUse(runDirectory: runDirectory, holder: Self.holder(path))
    }
    lock = taken
    self.runDirectory = runDirectory
  }

  /// What the holder wrote, or a word for it when it has not yet.
  private static func holder(_ path: String) -> String {
    let text = (try? MappedFile(path: path)).map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
    return text.hasSuffix("\n") ? String(text.dropLast()) : "another process"
  }
}

private func hostName() -> String {
  var name = [CChar](repeating: 0, count: 256)
  guard gethostname(&name, name.count - 1) == 0 else { return "of unknown name" }
  return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}
