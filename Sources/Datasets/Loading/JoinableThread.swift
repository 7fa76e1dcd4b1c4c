import Glibc

/// A thread of its own that runs one closure and can be waited for.
final class JoinableThread: Sendable {
  private let handle: pthread_t

  init(_ body: @escaping @Sendable () -> Void) throws(DatasetError) {
    let work = Unmanaged.passRetained(Work(body))
    var handle = pthread_t()
    let errorNumber = pthread_create(
      &handle, nil,
      { argument in
        Unmanaged<Work>.fromOpaque(argument!).takeRetainedValue().body()
        return nil
      }, work.toOpaque())
    guard errorNumber == 0 else {
      work.release()
      throw .cannotStartThread(reason: String(cString: strerror(errorNumber)))
    }
    self.handle = handle
  }

  /// Waits until the closure has returned and the thread is gone. To be called once.
  func join() {
    pthread_join(handle, nil)
  }

  private final class Work {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) {
      self.body = body
    }
  }
}
