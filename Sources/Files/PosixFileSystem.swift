#if canImport(Glibc)
  import Glibc
#endif

/// The real file system.
public struct PosixFileSystem: FileSystem {
  public init() {}

  public func createDirectory(_ path: String) throws(FileError) {
    try systemCall(.mkdir, path) { withPathBytes(path) { mkdir($0, 0o755) } }
  }

  public func write(_ path: String, _ source: ByteSource) throws(FileError) {
    try write(path, O_EXCL) { (descriptor) throws(FileError) in
      try source { (bytes: UnsafeRawBufferPointer) throws(FileError) in
        try writeAll(bytes, to: descriptor, path: path)
      }
    }
  }

  public func write(_ path: String, at offset: Int, _ source: ByteSource) throws(FileError) {
    try write(path, 0) { (descriptor) throws(FileError) in
      var position = offset
      try source { (bytes: UnsafeRawBufferPointer) throws(FileError) in
        try writeAll(bytes, to: descriptor, at: position, path: path)
        position += bytes.count
      }
    }
  }

  private func write(
    _ path: String, _ flags: Int32, _ body: (_ descriptor: Int32) throws(FileError) -> Void
  ) throws(FileError) {
    let descriptor = try openFile(path, O_WRONLY | O_CREAT | flags)
    do {
      try body(descriptor)
    } catch {
      close(descriptor)
      throw error
    }
    // Network file systems report a full disk no earlier than here.
    try closeFile(descriptor, path)
  }

  public func synchronizeFile(_ path: String) throws(FileError) {
    try synchronize(path, O_RDONLY)
  }

  public func synchronizeDirectory(_ path: String) throws(FileError) {
    do {
      try synchronize(path, O_RDONLY | O_DIRECTORY)
    } catch  where error.call == .fsync && error.code == EINVAL {
      // Some user-space file systems know no such request for folders: there is nothing more that one could do.
    }
  }

  public func rename(_ source: String, to destination: String) throws(FileError) {
    try systemCall(.rename, source) {
      withPathBytes(source) { source in withPathBytes(destination) { Glibc.rename(source, $0) } }
    }
  }

  public func remove(_ path: String) throws(FileError) {
    try systemCall(.remove, path) { withPathBytes(path) { Glibc.remove($0) } }
  }

  private func synchronize(_ path: String, _ flags: Int32) throws(FileError) {
    let descriptor = try openFile(path, flags)
    defer { close(descriptor) }
    try systemCall(.fsync, path) { fsync(descriptor) }
  }
}

/// Writes all of `bytes`: the kernel may take fewer than offered, on a nearly full disk for example.
func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String) throws(FileError) {
  var rest = bytes[...]
  while !rest.isEmpty {
    let pending = UnsafeRawBufferPointer(rebasing: rest)
    let count = try systemCall(.write, path) { Glibc.write(descriptor, pending.baseAddress, pending.count) }
    rest = rest.dropFirst(count)
  }
}

/// As above, from byte `offset` of the file on.
func writeAll(
  _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at offset: Int, path: String
) throws(FileError) {
  var done = 0
  while done < bytes.count {
    let pending = UnsafeRawBufferPointer(rebasing: bytes[done...])
    done += try systemCall(.pwrite, path) {
      pwrite(descriptor, pending.baseAddress, pending.count, off_t(offset + done))
    }
  }
}
