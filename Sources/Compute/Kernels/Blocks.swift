/// The blocks of sixteen that a run of floats is worked through in; the last may be shorter.
///
/// `for block in Blocks(width) { y[block] = x[block] * scale }` is the shape of every kernel here.
struct Blocks: Sequence, IteratorProtocol {
  private var position = 0
  private let count: Int

  @inline(__always)
  init(_ count: Int) {
    self.count = count
  }

  @inline(__always)
  mutating func next() -> Block? {
    guard position < count else { return nil }
    defer { position += 16 }
    return Block(start: position, lanes: Swift.min(16, count - position))
  }
}

/// One block: where it starts, and how many of the sixteen lanes it has.
struct Block {
  let start: Int
  let lanes: Int

  @inline(__always)
  init(start: Int, lanes: Int) {
    self.start = start
    self.lanes = lanes
  }

  /// `values` with `filler` in the lanes that this block does not have.
  @inline(__always)
  func masked(_ values: Lanes, filler: Float = 0) -> Lanes {
    lanes == 16 ? values : values.replacing(with: filler, where: Block.laneNumbers .>= Int32(lanes))
  }

  private static var laneNumbers: SIMD16<Int32> {
    @inline(__always) get { SIMD16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) }
  }
}

extension VectorView where Element: StoredElement {
  /// The lanes of `block`; zero in the lanes that it does not have.
  subscript(block: Block) -> Lanes {
    @inline(__always) get {
      assert(block.start >= 0 && block.start + block.lanes <= count, "block outside the vector")
      let address = UnsafePointer(base + block.start)
      return block.lanes == 16 ? Element.lanes(at: address) : Element.lanes(at: address, first: block.lanes)
    }
    @inline(__always) nonmutating set {
      assert(block.start >= 0 && block.start + block.lanes <= count, "block outside the vector")
      let address = base + block.start
      if block.lanes == 16 {
        Element.store(newValue, at: address)
      } else {
        Element.store(newValue, at: address, first: block.lanes)
      }
    }
  }

  /// All sixteen lanes, whatever the block has: for rows that are padded.
  subscript(whole block: Block) -> Lanes {
    @inline(__always) get { Element.lanes(at: UnsafePointer(base + block.start)) }
    @inline(__always) nonmutating set { Element.store(newValue, at: base + block.start) }
  }
}
