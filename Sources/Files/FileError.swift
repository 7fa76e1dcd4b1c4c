#if canImport(Glibc)
  import Glibc
#endif

/// A call to the operating system about a file that did not succeed.
public struct FileError: Error, Equatable, Codable, Sendable, CustomStringConvertible {
  /// The system call, for example `write`.
  public let call: String
  public let path: String
  /// The value of `errno`.
  public let code: Int32

  public init(call: String, path: String, code: Int32) {
    self.call = call
    self.path = path
    self.code = code
  }

  /// Whether the file system, or the user's quota on it, is full.
  public var isDiskFull: Bool { code == ENOSPC || code == EDQUOT }

  /// Whether the file or a folder on the way to it does not exist.
  public var isNotFound: Bool { code == ENOENT || code == ENOTDIR }

  /// Whether what was to be created exists.
  public var isAlreadyThere: Bool { code == EEXIST }

  /// Whether the file system has no locks.
  public var isLockUnsupported: Bool { call == "flock" && (code == ENOSYS || code == EOPNOTSUPP || code == ENOLCK) }

  public var description: String {
    let advice = isDiskFull ? "; make room on that file system" : ""
    return "\(call) of \"\(path)\" failed: \(String(cString: strerror(code)))\(advice)"
  }
}

/// Runs one system call, again when a signal interrupted it, and turns -1 into a typed error.
///
/// This file is the only place of the program that looks at `errno`.
@discardableResult
func systemCall<Value: FixedWidthInteger>(
  _ call: String, _ path: String, _ body: () -> Value
) throws(FileError) -> Value {
  while true {
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
  try systemCall("open", path) { open(path, flags | O_CLOEXEC, mode) }
}

/// Closes a file that was written to. When a signal interrupts the call, Linux has closed it all the same, and
/// its number may already belong to another thread's file: it is not closed twice.
func closeFile(_ descriptor: Int32, _ path: String) throws(FileError) {
  if close(descriptor) == -1 {
    let code = errno
    if code != EINTR {
      throw FileError(call: "close", path: path, code: code)
    }
  }
}
