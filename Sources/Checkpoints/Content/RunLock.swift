import Files

#if canImport(Glibc)
  import Glibc
#endif

/// Says that a run directory is in use, as long as the value lives or until the process ends, however it ends.
///
/// It is a lock on the file `.lock` in the directory, which names its holder, and in a second line has a token that no
/// other holder has. The file stays afterwards: removing it would let two processes lock two files of the same name.
public final class RunLock: Sendable {
  public let runDirectory: String
  /// Tells this holder from all others.
  public let token: String
  private let lock: FileLock
  /// Of the file that is locked.
  private let identity: FileStatus.Identity

  /// - Throws: ``CheckpointError/inUse(runDirectory:holder:)`` when a live process holds it, or the file cannot be
  ///   created or locked.
  public init(runDirectory: String) throws(CheckpointError) {
    let path = Self.path(in: runDirectory)
    let token = CheckpointStore.freshToken()
    let taken = try fromFiles { () throws(FileError) in
      let taken = try Self.take(path)
      try taken?.write("process \(getpid()) on host \(hostName())\n\(token)\n")
      return taken
    }
    guard let taken else {
      throw .inUse(runDirectory: runDirectory, holder: Self.lines(of: path).first ?? "another process")
    }
    lock = taken
    identity = try fromFiles { () throws(FileError) in try FileStatus(path).identity }
    self.token = token
    self.runDirectory = runDirectory
  }

  /// Whether the path of the run directory still leads to what is locked: no longer once the directory was moved, removed or
  /// replaced, when whatever is there now belongs to somebody else. A passing error of the file system says nothing.
  public var isInPlace: Bool {
    do {
      return try FileStatus(Self.path(in: runDirectory)).identity == identity
    } catch {
      return !error.isNotFound
    }
  }

  /// Whether the directory of this path, as this process sees it, is the one that the holder with `token` has locked.
  public static func isHeld(runDirectory: String, token: String) -> Bool {
    lines(of: path(in: runDirectory)).last == token
  }

  /// Whoever lists runs holds a lock for a moment, to see whether it is free: that is no run that has it.
  private static func take(_ path: String) throws(FileError) -> FileLock? {
    for _ in 0..<3 {
      if let lock = try FileLock(path, .exclusive, creating: true) { return lock }
      usleep(50_000)
    }
    return try FileLock(path, .exclusive, creating: true)
  }

  /// Whether a process has a run directory, as far as it can be seen from here.
  public enum Presence: Sendable {
    case held
    case free
    /// Another host had it last, whose locks may not be seen here.
    case unknown
  }

  public static func presence(runDirectory: String) -> Presence {
    let path = path(in: runDirectory)
    do {
      guard (try FileLock(path, .shared)) != nil else { return .held }
    } catch {
      return error.isNotFound ? .free : .unknown
    }
    let isOwnHost = lines(of: path).first?.hasSuffix(" on host \(hostName())") ?? true
    return isOwnHost ? .free : .unknown
  }

  private static func path(in runDirectory: String) -> String { "\(runDirectory)/.lock" }

  /// What the holder wrote; nothing when it has not yet.
  private static func lines(of path: String) -> [String] {
    guard let file = try? MappedFile(path: path) else { return [] }
    return String(decoding: file.bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }
}

private func hostName() -> String {
  var name = [CChar](repeating: 0, count: 256)
  guard gethostname(&name, name.count - 1) == 0 else { return "of unknown name" }
  return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}
