import Files
import Foundation
import Reporting
import Training

/// Whether a run directory's file system does what checkpoints rely on.
enum DirectoryChecks {
  private static let subject = "run directory"
  /// A save waits for as many calls as this at most, some of them after one another.
  private static let slowSeconds = 1.0

  /// Writes, synchronises, renames over another file, locks and removes in `path`, or in the nearest folder above it that is
  /// there; leaves nothing behind.
  static func directory(_ path: String, host: String) -> Finding {
    let place = nearestExisting(path)
    let name = escaped(place)
    let trial = "\(place)/.mae-doctor-\(host)-\(getpid())"
    do throws(FileError) {
      let seconds = try use(trial)
      guard seconds < slowSeconds else {
        return .warning(
          subject, "\(name) takes \(ProgressFormat.measure(seconds)) s until a small file is safe",
          do: "name a faster file system, or save less often (checkpoint.every_steps, checkpoint.every_epochs)")
      }
      return .ok(
        subject,
        "\(name): writes, renames and locks; a small file is safe after \(ProgressFormat.measure(seconds * 1e3)) ms")
    } catch {
      try? PosixFileSystem().removeTree(trial)
      return .failure(subject, "\(name): \(error)", do: advice(on: error))
    }
  }

  private static func advice(on error: FileError) -> String {
    if error.isLockUnsupported { return "mount it with locks (NFS: without nolock), or name another --run-dir" }
    switch error.call {
    case .fsync, .rename:
      return "name a --run-dir on another file system: checkpoints would not survive a crash on this one"
    default: return "name a --run-dir that this user may write to"
    }
  }

  /// - Returns: the seconds until a file was safe.
  private static func use(_ trial: String) throws(FileError) -> Double {
    let files = PosixFileSystem()
    try files.createDirectory(trial)
    let (file, other, lock) = ("\(trial)/a", "\(trial)/b", "\(trial)/lock")
    let start = ContinuousClock.now
    let bytes = [UInt8](repeating: 1, count: 4096)
    try replaceFile(file, with: bytes)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    try replaceFile(other, with: [])
    try files.rename(file, to: other)
    guard try readFile(other) == bytes else { throw FileError(call: .rename, path: other, code: EIO) }
    if let held = try FileLock(lock, .exclusive, creating: true) { try held.write("doctor") }
    try files.removeTree(trial)
    return seconds
  }

  /// Whether all ranks see a file that rank 0 has left in the directory.
  ///
  /// - Parameter seeing: for each host, whether its ranks do.
  static func shared(_ path: String, seeing: [(host: String, sees: Bool)]) -> Finding? {
    let blind = seeing.filter { !$0.sees }.map(\.host)
    guard !blind.isEmpty else { return nil }
    return .warning(
      "shared files",
      "\(blind.joined(separator: ", ")) \(blind.count == 1 ? "does" : "do") not see \(escaped(path)) of the first rank's host",
      do:
        "put the run directory on a file system that all hosts have; else the ranks there write no part of a checkpoint and cannot "
        + "resume from one")
  }

  /// Whether the checkpoints of a run find room.
  static func space(_ space: CheckpointSpace, path: String, keepLast: Int) -> Finding {
    let advice =
      "make room there, name another --run-dir, or keep fewer (checkpoint.keep_last, now \(keepLast))"
    let found = "\(escaped(path)): \(space)"
    if !space.allowsSaving { return .failure("disk space", found, do: advice) }
    return space.suffices ? .ok("disk space", found) : .warning("disk space", found, do: advice)
  }

  /// Whether files may grow as large as a checkpoint's; nil where they may.
  static func fileSize(_ size: CheckpointFileSize) -> Finding? {
    guard !size.allowsSaving else { return nil }
    return .failure("file size", "\(size)", do: "ulimit -f unlimited, before the program is started")
  }
}
