#if canImport(Glibc)
  import Glibc
#endif

/// The calls of the operating system about files that this program makes, all of them in this module.
public enum SystemCall: String, Codable, Sendable, CaseIterable {
  case access, close, flock, fstat, fsync, ftruncate, lstat, mkdir, mmap, open, pread, pwrite, read, readdir, remove,
    rename, stat,
    statvfs, write
}

/// Runs one system call, again when a signal interrupted it, and turns -1 into a typed error.
///
/// Every call of this module goes through here, so this is where tests make them fail, and with ``closeFile(_:_:)`` the only
/// place that looks at `errno`.
@discardableResult
func systemCall<Value: FixedWidthInteger>(
  _ call: SystemCall, _ path: String, _ body: () -> Value
) throws(FileError) -> Value {
  while true {
    if let code = SystemCallFaults.code?(call, path) {
      if code == EINTR { continue }
      throw FileError(call: call, path: path, code: code)
    }
    let value = body()
    if value != -1 {
      return value
    }
    let code = errno
    if code != EINTR {
      throw FileError(call: call, path: path, code: code)
    }
  }
}

/// Opens `path`; the descriptor is not passed on to programs that this one starts.
func openFile(_ path: String, _ flags: Int32, mode: mode_t = 0o644) throws(FileError) -> Int32 {
  // The system would take what stands before a zero byte for the whole path.
  guard !path.utf8.contains(0) else { throw FileError(call: .open, path: path, code: ENOENT) }
  return try systemCall(.open, path) { withPathBytes(path) { open($0, flags | O_CLOEXEC, mode) } }
}

/// Opens a file that must be a regular one. A named pipe or a device does not hold this up.
func openRegularFile(
  _ path: String, _ flags: Int32, mode: mode_t = 0o644
) throws(FileError) -> (descriptor: Int32, size: Int) {
  let descriptor: Int32
  do {
    // Without O_NONBLOCK, opening a named pipe would wait for its other end.
    descriptor = try openFile(path, flags | O_NONBLOCK, mode: mode)
  } catch  where error.code == ENXIO {
    // A named pipe that nobody reads, or a socket.
    throw FileError(call: .open, path: path, code: FileError.notAFile)
  }
  do throws(FileError) {
    var status = stat()
    try systemCall(.fstat, path) { fstat(descriptor, &status) }
    switch kind(status) {
    case .regular: return (descriptor, Int(status.st_size))
    case .directory: throw FileError(call: .open, path: path, code: EISDIR)
    case .other: throw FileError(call: .open, path: path, code: FileError.notAFile)
    }
  } catch {
    close(descriptor)
    throw error
  }
}

/// Closes a file that was written to. When a signal interrupts the call, Linux has closed it all the same, and
/// its number may already belong to another thread's file: it is not closed twice.
func closeFile(_ descriptor: Int32, _ path: String) throws(FileError) {
  let answer = close(descriptor)
  let code = SystemCallFaults.code?(.close, path) ?? (answer == -1 ? errno : 0)
  if code != 0 && code != EINTR {
    throw FileError(call: .close, path: path, code: code)
  }
}
