import Foundation

/// A file that only grows, by whole pieces: a piece is there entirely or not at all, unless the machine itself dies.
///
/// A piece goes out in one `write` on a descriptor opened with `O_APPEND`, so that a process killed at any time leaves
/// whole pieces, and another process that reads meanwhile sees whole pieces. When the disk fills up within a piece, the
/// file is cut back to the end of the piece before.
struct AppendOnlyFile: ~Copyable {
  let path: String
  private let descriptor: Int32
  private var length: off_t

  /// Opens, or creates, the file at `path`.
  init(path: String) throws(ReportingError) {
    let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .lastSystemError("open", path) }
    var information = stat()
    guard fstat(descriptor, &information) == 0 else {
      let error = ReportingError.lastSystemError("open", path)
      close(descriptor)
      throw error
    }
    (self.path, self.descriptor, self.length) = (path, descriptor, information.st_size)
  }

  deinit {
    close(descriptor)
  }

  var isEmpty: Bool { length == 0 }

  mutating func append(_ piece: [UInt8]) throws(ReportingError) {
    var written = 0
    while written < piece.count {
      let count = piece.withUnsafeBytes { write(descriptor, $0.baseAddress! + written, $0.count - written) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        let error = ReportingError.lastSystemError("write", path)
        // A failure here leaves a torn piece, which readers skip.
        if written > 0 { ftruncate(descriptor, length) }
        throw error
      }
      written += count
    }
    length += off_t(written)
  }

  /// Puts `bytes` in the place of all from byte `start` on. Whatever interrupts it, what was before `start` is there, and so
  /// are `bytes` or what they replace.
  mutating func replace(from start: Int, with bytes: [UInt8]) throws(ReportingError) {
    precondition(start + bytes.count <= Int(length), "the new end is longer than the old one")
    // Where a descriptor appends, pwrite does too.
    let writing = open(path, O_WRONLY | O_CLOEXEC)
    guard writing >= 0 else { throw .lastSystemError("open", path) }
    defer { close(writing) }
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        pwrite(writing, $0.baseAddress! + written, $0.count - written, off_t(start + written))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw .lastSystemError("write", path) }
      written += count
    }
    guard ftruncate(writing, off_t(start + written)) == 0, fsync(writing) == 0 else {
      throw .lastSystemError("write", path)
    }
    length = off_t(start + written)
  }

  /// Waits until everything appended survives a power cut.
  func synchronize() throws(ReportingError) {
    guard fsync(descriptor) == 0 else { throw .lastSystemError("write", path) }
  }
}

/// Puts a whole file in the place of another, so that at every moment the old or the new one is there.
enum AtomicFile {
  /// - Parameter content: gives the file's bytes piece by piece.
  static func replace(
    _ path: String, content: ((_ piece: [UInt8]) throws(ReportingError) -> Void) throws(ReportingError) -> Void
  ) throws(ReportingError) {
    let temporary = "\(path).writing"
    guard unlink(temporary) == 0 || errno == ENOENT else { throw .lastSystemError("write", temporary) }
    do throws(ReportingError) {
      var file = try AppendOnlyFile(path: temporary)
      try content { piece throws(ReportingError) in try file.append(piece) }
      try file.synchronize()
    } catch {
      unlink(temporary)
      throw error
    }
    guard rename(temporary, path) == 0 else { throw .lastSystemError("replace", path) }
    try synchronizeDirectory(of: path)
  }

  /// A rename survives a power cut once its directory is on disk.
  private static func synchronizeDirectory(of path: String) throws(ReportingError) {
    let directory = path.lastIndex(of: "/").map { path[..<$0].isEmpty ? "/" : String(path[..<$0]) } ?? "."
    let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .lastSystemError("open", directory) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .lastSystemError("write", directory) }
  }
}
