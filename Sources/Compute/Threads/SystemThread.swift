import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// A thread of its own that runs one closure. The only kind of thread that this program starts itself.
///
/// It may be waited for with `join`; one that is not runs on when the value is gone, and takes its memory with it when its
/// closure returns.
public final class SystemThread: Sendable {
  private let handle: pthread_t
  private let isJoined = Atomic(false)

  /// - Parameter purpose: what the thread is for, for people: it goes behind "a thread for".
  /// - Throws: the system does not start another thread: a limit is reached, or there is no memory for its stack.
  public init(for purpose: String, _ body: @escaping @Sendable () -> Void) throws(ThreadError) {
    var handle = pthread_t()
    let context = Unmanaged.passRetained(Body(body))
    let code = pthread_create(
      &handle, nil,
      { context in
        Unmanaged<Body>.fromOpaque(context!).takeRetainedValue().run()
        return nil
      }, context.toOpaque())
    guard code == 0 else {
      context.release()
      throw ThreadError(purpose: purpose, code: code)
    }
    self.handle = handle
  }

  deinit {
    guard !isJoined.load(ordering: .relaxed) else { return }
    require(pthread_detach(handle), "detach a thread")
  }

  /// Waits until the closure has returned and the thread is gone. To be called once, from another thread.
  public func join() {
    precondition(!isJoined.exchange(true, ordering: .relaxed), "a thread is waited for twice")
    require(pthread_join(handle, nil), "wait for a thread")
  }

  private final class Body {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }
}

/// The system would not start another thread.
public struct ThreadError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What the thread was to be for.
  public let purpose: String
  /// The error number that `pthread_create` returned.
  public let code: Int32

  public var description: String {
    "cannot start a thread for \(purpose): \(String(cString: strerror(code))); raise the limit on processes and threads "
      + "(ulimit -u, or the container's), or take fewer (parallel.threads, data.workers)"
  }
}

/// Stops the program where a call about a thread or a lock fails that cannot fail unless we use it wrongly.
@inline(__always)
func require(_ code: Int32, _ what: StaticString) {
  precondition(code == 0, "cannot \(what): \(String(cString: strerror(code)))")
}

/// Makes the calling thread wait. Signals do not cut the time short.
public func sleepThread(seconds: Double) {
  precondition(seconds >= 0 && seconds < 1e9, "a sleep of \(seconds) seconds")
  var rest = timespec(tv_sec: Int(seconds), tv_nsec: Int((seconds - seconds.rounded(.down)) * 1e9))
  var left = timespec()
  while nanosleep(&rest, &left) == -1 && errno == EINTR { rest = left }
}
