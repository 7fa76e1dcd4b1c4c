#if canImport(Glibc)
  import Glibc
#endif

/// A file that is open for reading, at any place.
public struct ReadableFile: ~Copyable {
  public let path: String
  private let descriptor: Int32

  public init(_ path: String) throws(FileError) {
    descriptor = try openFile(path, O_RDONLY)
    self.path = path
  }

  deinit {
    close(descriptor)
  }

  /// Reads from byte `offset` of the file on.
  ///
  /// - Returns: the bytes that were read, fewer than `buffer` has where the system gives fewer; 0 at the end of the file.
  public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int {
    try systemCall("pread", path) { pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset)) }
  }
}
