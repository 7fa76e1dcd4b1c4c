#if canImport(Glibc)
  import Glibc
#endif

/// Memory for `count` elements with one owner, aligned to a cache line (64 bytes).
///
/// Large buffers come straight from the system, in huge pages where it has them: a matrix product walks through many
/// pages, and with small ones waits for their addresses.
public struct AlignedBuffer<Element: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
  public let base: UnsafeMutablePointer<Element>
  public let count: Int
  private let allocation: Allocation

  /// - Parameter value: what each element is at first. All bytes zero costs nothing: so the system gives the memory.
  public init(repeating value: Element, count: Int) {
    precondition(count >= 0)
    self.count = count
    allocation = Allocation(byteCount: max(64, count * MemoryLayout<Element>.stride))
    base = allocation.address.bindMemory(to: Element.self, capacity: count)
    let isZero = withUnsafeBytes(of: value) { $0.allSatisfy { $0 == 0 } }
    if !isZero { base.update(repeating: value, count: count) }
  }

  /// A copy of `elements`.
  public init(_ elements: [Element]) where Element: AdditiveArithmetic {
    self.init(repeating: .zero, count: elements.count)
    for (index, element) in elements.enumerated() { base[index] = element }
  }

  deinit {
    allocation.free()
  }
}

/// Zeroed bytes from the heap, or, where there are many, from the system.
private struct Allocation {
  let address: UnsafeMutableRawPointer
  private let mapping: (start: UnsafeMutableRawPointer, byteCount: Int)?

  private static let hugePage = 2 << 20

  init(byteCount: Int) {
    guard byteCount >= 2 * Allocation.hugePage else {
      let rounded = (byteCount + 63) & ~63
      guard let memory = aligned_alloc(64, rounded) else { fatalError("out of memory: \(byteCount) bytes") }
      memset(memory, 0, rounded)
      address = memory
      mapping = nil
      return
    }
    let mapped = byteCount + Allocation.hugePage
    guard let start = mmap(nil, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      start != MAP_FAILED
    else { fatalError("out of memory: \(byteCount) bytes") }
    let offset = -Int(bitPattern: start) & (Allocation.hugePage - 1)
    address = start + offset
    mapping = (start, mapped)
    // Advice only: where it is not taken, small pages do.
    madvise(address, byteCount, MADV_HUGEPAGE)
  }

  func free() {
    if let mapping { munmap(mapping.start, mapping.byteCount) } else { Glibc.free(address) }
  }
}
