#if canImport(Glibc)
  import Glibc
#endif

/// Memory of the calling thread in which a product lays out the blocks that it is at. It goes with the thread.
final class PackingMemory {
  private let memory = AlignedBuffer<Float>(repeating: 0, count: aCount + bCount + tileCount)

  /// What a block of A, of B and a tile at an edge take at most. Packing may write two floats beyond a block of A.
  private static let aCount = PanelProduct.rows * PanelProduct.greatestDepth + 16
  private static let bCount = PanelProduct.greatestDepth * PanelProduct.columns
  private static let tileCount = ProductTile<SIMD16<Float>>.rows * ProductTile<SIMD16<Float>>.columns

  private var isTaken = false

  /// For one product; a product within a product would spoil what is laid out here.
  func take() {
    precondition(!isTaken, "a product is being made on this thread")
    isTaken = true
  }

  func giveBack() { isTaken = false }

  var a: UnsafeMutablePointer<Float> { memory.base }
  var b: UnsafeMutablePointer<Float> { memory.base + PackingMemory.aCount }
  var tile: UnsafeMutablePointer<Float> { b + PackingMemory.bCount }

  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    let code = pthread_key_create(&key) { Unmanaged<PackingMemory>.fromOpaque($0!).release() }
    precondition(code == 0, "the system gives no more thread keys: \(String(cString: strerror(code)))")
    return key
  }()

  static var ofThisThread: PackingMemory {
    if let known = pthread_getspecific(key) {
      return Unmanaged<PackingMemory>.fromOpaque(known).takeUnretainedValue()
    }
    let memory = PackingMemory()
    let code = pthread_setspecific(key, Unmanaged.passRetained(memory).toOpaque())
    precondition(code == 0, "the system cannot keep a thread's memory: \(String(cString: strerror(code)))")
    return memory
  }
}
