#if canImport(Glibc)
  import Glibc
#endif

/// A call to the operating system about a file that did not succeed.
public struct FileError: Error, Hashable, Codable, Sendable, CustomStringConvertible {
  public let call: SystemCall
  public let path: String
  /// The value of `errno`.
  public let code: Int32

  public init(call: SystemCall, path: String, code: Int32) {
    self.call = call
    self.path = path
    self.code = code
  }

  /// The code for what can be opened but is neither a file nor a folder: a pipe, a socket, a device. It is what the system
  /// says when such a thing is to be read from a place in the middle.
  static let notAFile = ESPIPE

  /// Whether the file system, or the user's quota on it, is full.
  public var isDiskFull: Bool { code == ENOSPC || code == EDQUOT }

  /// Whether the file or a folder on the way to it does not exist.
  public var isNotFound: Bool { code == ENOENT || code == ENOTDIR }

  /// Whether what was to be created exists.
  public var isAlreadyThere: Bool { code == EEXIST }

  /// Whether something else is there than a file: a folder, a pipe, a device, a circle of links.
  public var isOtherThanFile: Bool { code == EISDIR || code == Self.notAFile || code == ELOOP }

  /// Whether nothing is known of what is there, and the same call may succeed later: the disk, the network or the memory
  /// gave out (EIO, ESTALE, ENOMEM, EMFILE and others), or it is not permitted now.
  public var saysNothingOfContent: Bool { !isNotFound && !isOtherThanFile && code != ENAMETOOLONG }

  /// Whether a disk, a network or a limit is at fault, and not the file: such a failure may pass. What is not permitted is the
  /// file's own.
  public var isTrouble: Bool {
    [
      EIO, ESTALE, EMFILE, ENFILE, ENOMEM, EAGAIN, ETIMEDOUT, ENOTCONN, ECONNRESET, EREMOTEIO, ENODEV, ENXIO, EHOSTDOWN,
      ESHUTDOWN,
    ].contains(code)
  }

  /// Whether the file system has no locks.
  public var isLockUnsupported: Bool {
    call == .flock && (code == ENOSYS || code == EOPNOTSUPP || code == ENOLCK)
  }

  /// The system's words for it, and what to do where that is known.
  public var reason: String {
    switch code {
    case ENOSPC, EDQUOT: "\(systemText); make room on that file system"
    case EFBIG: "\(systemText): a limit on the size of files is reached; raise it (ulimit -f)"
    case EMFILE: "\(systemText); raise that limit (ulimit -n)"
    case Self.notAFile: "it is a pipe, a socket or a device, not a file"
    default: systemText
    }
  }

  private var systemText: String { String(cString: strerror(code)) }

  public var description: String { "\(call.rawValue) of \"\(escaped(path))\" failed: \(reason)" }
}

/// Runs `body` again while it fails in a way that may pass, ever more rarely: after 50 milliseconds, then after twice as long
/// each time, seven times within three seconds. A server that restarts takes longer.
///
/// - Parameter mayPass: whether a failure says nothing of what is there.
public func tryingAgain<Value: ~Copyable>(
  where mayPass: (FileError) -> Bool = { $0.saysNothingOfContent }, _ body: () throws(FileError) -> Value
) throws(FileError) -> Value {
  for milliseconds in [50, 100, 200, 400, 800, 1600] {
    do throws(FileError) {
      return try body()
    } catch {
      guard mayPass(error) else { throw error }
      usleep(UInt32(milliseconds) * 1000)
    }
  }
  return try body()
}
