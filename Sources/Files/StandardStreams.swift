#if canImport(Glibc)
  import Glibc
#endif

/// Standard output and standard error, which may be a full disk, a pipe that nobody reads any more, or nothing at all.
public enum StandardStream: Sendable {
  case output
  case error

  private var descriptor: Int32 { self == .output ? STDOUT_FILENO : STDERR_FILENO }

  public var isTerminal: Bool { isatty(descriptor) == 1 }

  /// Writes all of `text`, at once.
  public func write(_ text: String) throws(FileError) {
    let path = self == .output ? "standard output" : "standard error"
    var text = text
    var failure: FileError?
    text.withUTF8 { bytes in
      do throws(FileError) {
        try writeAll(UnsafeRawBufferPointer(bytes), to: descriptor, path: path)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  /// Makes this process ready for streams and disks that give out. To be called first in a program, before any file is
  /// opened.
  ///
  /// A write to a broken pipe or beyond a limit on the size of files then is an error, where SIGPIPE or SIGXFSZ would end
  /// the process. And descriptors 0 to 2 that were closed when the program was started lead to /dev/null, for reading only,
  /// so that no data file gets one of these numbers and what is printed cannot end up in it.
  public static func prepareProcess() {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) == -1 {
      // The lowest free number is taken, which is this one.
      guard open("/dev/null", O_RDONLY) == descriptor else { _exit(1) }
    }
  }
}
