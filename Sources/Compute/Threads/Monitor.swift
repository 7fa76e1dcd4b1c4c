#if canImport(Glibc)
  import Glibc
#endif

/// A value that is read and changed under a lock, and whose changes can be waited for. The only kind of lock that this
/// program has.
public final class Monitor<Value: ~Copyable>: @unchecked Sendable {
  private var value: Value
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  public init(_ value: consuming Value) {
    self.value = value
    require(pthread_mutex_init(mutex, nil), "make a lock")
    require(pthread_cond_init(changed, nil), "make a condition")
  }

  deinit {
    require(pthread_mutex_destroy(mutex), "destroy a lock")
    require(pthread_cond_destroy(changed), "destroy a condition")
    mutex.deallocate()
    changed.deallocate()
  }

  /// Reads or changes the value, and wakes whoever waits.
  ///
  /// - Parameter wakes: false where nobody can be waiting for the change that is made.
  public func withLock<Result, Failure: Error>(
    wakes: Bool = true, _ body: (inout Value) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    require(pthread_mutex_lock(mutex), "take a lock")
    defer { unlock(wakes: wakes) }
    return try body(&value)
  }

  /// Waits until `condition` holds, then reads or changes the value, and wakes whoever waits.
  ///
  /// - Parameter wakes: as for `withLock`.
  public func wait<Result, Failure: Error>(
    wakes: Bool = true, until condition: (borrowing Value) -> Bool, then body: (inout Value) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    require(pthread_mutex_lock(mutex), "take a lock")
    defer { unlock(wakes: wakes) }
    while !condition(value) { require(pthread_cond_wait(changed, mutex), "wait for a change") }
    return try body(&value)
  }

  private func unlock(wakes: Bool) {
    if wakes { require(pthread_cond_broadcast(changed), "wake who waits") }
    require(pthread_mutex_unlock(mutex), "give a lock back")
  }
}
