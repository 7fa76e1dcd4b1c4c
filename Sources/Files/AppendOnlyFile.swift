#if canImport(Glibc)
  import Glibc
#endif

/// A file that only grows, by whole pieces: a piece is there entirely or not at all, unless the machine itself dies.
///
/// A piece goes out in one `write` on a descriptor opened with `O_APPEND`, so that a process killed at any time leaves
/// whole pieces, and another process that reads meanwhile sees whole pieces. When the disk fills up within a piece, the
/// file is cut back to the end of the piece before.
public struct AppendOnlyFile: ~Copyable {
  public let path: String
  private let descriptor: Int32
  private var length: Int

  /// Opens, or creates, the file at `path`.
  public init(path: String) throws(FileError) {
    (descriptor, length) = try openRegularFile(path, O_WRONLY | O_APPEND | O_CREAT)
    self.path = path
  }

  deinit {
    close(descriptor)
  }

  public var isEmpty: Bool { length == 0 }

  public mutating func append(_ piece: [UInt8]) throws(FileError) {
    var written = 0
    while written < piece.count {
      do throws(FileError) {
        written += try systemCall(.write, path) {
          piece.withUnsafeBytes { write(descriptor, $0.baseAddress! + written, $0.count - written) }
        }
      } catch {
        // A failure here leaves a torn piece, which readers skip.
        if written > 0 { _ = try? systemCall(.ftruncate, path) { ftruncate(descriptor, off_t(length)) } }
        throw error
      }
    }
    length += written
  }

  /// Puts `bytes` in the place of all from byte `start` on. Whatever interrupts it, what was before `start` is there, and so
  /// are `bytes` or what they replace.
  public mutating func replace(from start: Int, with bytes: [UInt8]) throws(FileError) {
    precondition(start + bytes.count <= length, "the new end is longer than the old one")
    // Where a descriptor appends, pwrite does too.
    let writing = try openRegularFile(path, O_WRONLY).descriptor
    defer { close(writing) }
    try bytes.withUnsafeBufferPointer { (bytes: UnsafeBufferPointer<UInt8>) throws(FileError) in
      try writeAll(UnsafeRawBufferPointer(bytes), to: writing, at: start, path: path)
    }
    try systemCall(.ftruncate, path) { ftruncate(writing, off_t(start + bytes.count)) }
    try systemCall(.fsync, path) { fsync(writing) }
    length = start + bytes.count
  }

  /// Waits until everything appended survives a power cut.
  public func synchronize() throws(FileError) {
    try systemCall(.fsync, path) { fsync(descriptor) }
  }
}
