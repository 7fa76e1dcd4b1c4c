import Compute
import Foundation

/// A program that was started, in a process group of its own, with no open file but its standard streams.
///
/// Many tests start programs side by side. Foundation's `Process` shares its state with run loops of other threads when a
/// program ends, and is known to crash there on Linux, with all tests that run in the same process.
public final class SpawnedProcess: Sendable {
  /// How it ended.
  public struct End: Sendable {
    /// What it returned, or the signal's number.
    public let code: Int32
    /// The signal that ended it, if none of its own doing did.
    public let signal: Int32?
  }

  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  public let identifier: pid_t
  /// Nil while nobody has learned of its end. Whoever holds the lock may use the identifier until then.
  private let end = Monitor<End?>(nil)

  /// This process's own variables, read once: others may not be read while a library is opened that sets some.
  public static let inheritedEnvironment = ProcessInfo.processInfo.environment

  /// Starts a program; standard input is empty.
  ///
  /// Signals reach it. What is started inherits the mask of the thread that starts it, and tests run on threads of
  /// Dispatch, which block nearly all signals: mpirun would never hear that it should end. It inherits what is ignored,
  /// too, and a shell cannot undo that.
  ///
  /// - Parameters:
  ///   - command: the program's path, then its arguments.
  ///   - output, errors: files that standard output and standard error are appended to.
  public init(
    _ command: [String], environment: [String: String] = inheritedEnvironment, output: String = "/dev/null",
    errors: String = "/dev/null"
  ) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    for descriptor in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap(Int32.init)
    where descriptor > STDERR_FILENO {
      posix_spawn_file_actions_addclose(&actions, descriptor)
    }

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigaddset(&signals, SIGINT)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))

    var words = command.map { strdup($0) } + [nil]
    var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for word in words + variables { free(word) } }
    var identifier = pid_t()
    let code = posix_spawn(&identifier, command[0], &actions, &attributes, &words, &variables)
    guard code == 0 else {
      throw Failure(description: "\(command[0]) could not be started: \(String(cString: strerror(code)))")
    }
    self.identifier = identifier
  }

  public var isRunning: Bool { ended() == nil }

  /// Sends a signal, unless it has ended.
  public func send(_ signal: Int32) {
    end.withLock { end in
      if end == nil { kill(identifier, signal) }
    }
  }

  /// Waits for its end.
  ///
  /// - Returns: nil if it has not ended after so many seconds.
  public func wait(seconds: Double) -> End? {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while true {
      if let end = ended() { return end }
      guard ContinuousClock.now < deadline else { return nil }
      usleep(2000)
    }
  }

  private func ended() -> End? {
    end.withLock { end in
      var status = Int32()
      if end == nil, waitpid(identifier, &status, WNOHANG) == identifier {
        let signal = status & 0x7f
        end = signal == 0 ? End(code: (status >> 8) & 0xff, signal: nil) : End(code: signal, signal: signal)
      }
      return end
    }
  }
}
