#if canImport(Glibc)
  import Glibc
#endif

/// One POSIX thread that runs `body` and can be joined.
struct SystemThread: @unchecked Sendable {
  private let handle: pthread_t

  init(_ body: @escaping @Sendable () -> Void) {
    final class Body {
      let run: @Sendable () -> Void
      init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
    var handle = pthread_t()
    let context = Unmanaged.passRetained(Body(body)).toOpaque()
    let code = pthread_create(
      &handle, nil,
      { context in
        Unmanaged<Body>.fromOpaque(context!).takeRetainedValue().run()
        return nil
      }, context)
    precondition(code == 0, "the system gives no more threads: \(String(cString: strerror(code)))")
    self.handle = handle
  }

  func join() {
    pthread_join(handle, nil)
  }
}
