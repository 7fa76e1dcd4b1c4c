#if canImport(Glibc)
  import Glibc
#endif

/// How tests make system calls fail, without a disk that does.
///
/// It holds for the calls that one thread makes. (A task-local value would do, but binding one in an optimised build ends
/// in a crash of the runtime of Swift 6.3.)
package enum SystemCallFaults {
  /// The error with which a call is to fail, or nil for the system's own answer.
  package typealias Answer = @Sendable (_ call: SystemCall, _ path: String) -> Int32?

  private final class Box: Sendable {
    let answer: Answer
    init(_ answer: @escaping Answer) { self.answer = answer }
  }

  private static let key = {
    var key = pthread_key_t()
    let code = pthread_key_create(&key, nil)
    precondition(code == 0, "no key is left for what belongs to a thread")
    return key
  }()

  /// What is asked before each call that this thread makes; nil outside of `withCode`.
  package static var code: Answer? {
    pthread_getspecific(key).map { Unmanaged<Box>.fromOpaque($0).takeUnretainedValue().answer }
  }

  /// Runs `operation`, whose calls on this thread fail as `answer` says.
  package static func withCode<Result, Failure: Error>(
    _ answer: @escaping Answer, operation: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let box = Box(answer)
    let before = pthread_getspecific(key)
    pthread_setspecific(key, Unmanaged.passUnretained(box).toOpaque())
    defer {
      pthread_setspecific(key, before)
      extendLifetime(box)
    }
    return try operation()
  }
}
