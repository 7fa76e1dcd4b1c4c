#if canImport(Glibc)
  import Glibc
#endif

/// Memory for `count` elements with one owner, aligned to a cache line (64 bytes) and zero at first.
public struct AlignedBuffer<Element: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
  public let base: UnsafeMutablePointer<Element>
  public let count: Int

  public init(count: Int, zero: Element) {
    precondition(count >= 0)
    self.count = count
    let byteCount = (max(1, count * MemoryLayout<Element>.stride) + 63) & ~63
    guard let memory = aligned_alloc(64, byteCount) else {
      fatalError("out of memory: \(byteCount) bytes")
    }
    base = memory.bindMemory(to: Element.self, capacity: count)
    base.initialize(repeating: zero, count: count)
  }

  /// A copy of `elements`.
  public init(_ elements: [Element]) where Element: AdditiveArithmetic {
    self.init(count: elements.count, zero: .zero)
    for (index, element) in elements.enumerated() { base[index] = element }
  }

  deinit {
    free(base)
  }
}
