#if canImport(Glibc)
  import Glibc
#endif

/// Memory of the calling thread in which bfloat16 operands are widened, where the CPU has no product of them. It grows to the
/// largest product that the thread has made, and goes with the thread.
final class WideningScratch {
  private var memory = AlignedBuffer<Float>(count: 0, zero: 0)

  /// `count` floats; their content means nothing.
  func floats(_ count: Int) -> Vector {
    if memory.count < count { memory = AlignedBuffer(count: count, zero: 0) }
    return memory.all[0..<count]
  }

  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    let code = pthread_key_create(&key) { Unmanaged<WideningScratch>.fromOpaque($0!).release() }
    precondition(code == 0, "the system gives no more thread keys: \(String(cString: strerror(code)))")
    return key
  }()

  static var ofThisThread: WideningScratch {
    if let known = pthread_getspecific(key) {
      return Unmanaged<WideningScratch>.fromOpaque(known).takeUnretainedValue()
    }
    let scratch = WideningScratch()
    pthread_setspecific(key, Unmanaged.passRetained(scratch).toOpaque())
    return scratch
  }
}
