/// Hands out views of one piece of memory, each on a cache line of its own.
///
/// What takes the views is written once, as a function of an allocator, and run twice: with `measuring` it says how
/// much memory it takes, and with the memory it gives the views.
public struct ArenaAllocator {
  private let base: UnsafeMutablePointer<Float>
  private let capacity: Int
  /// Floats handed out so far, the gaps included.
  public private(set) var count = 0

  /// An allocator that only counts: its views must not be touched.
  public static var measuring: ArenaAllocator {
    ArenaAllocator(base: UnsafeMutablePointer(bitPattern: 64)!, capacity: .max)
  }

  private init(base: UnsafeMutablePointer<Float>, capacity: Int) {
    self.base = base
    self.capacity = capacity
  }

  public init(_ memory: Vector) {
    self.init(base: memory.base, capacity: memory.count)
  }

  public mutating func vector(_ count: Int) -> Vector {
    let start = self.count
    self.count = (start + count + 15) / 16 * 16
    precondition(start + count <= capacity, "the memory is too small for what was measured")
    return Vector(base: base + start, count: count)
  }

  public mutating func matrix(_ rows: Int, _ columns: Int) -> Matrix {
    vector(rows * columns).reshaped(rows: rows, columns: columns)
  }

  public mutating func vector<Element: BitwiseCopyable>(_ count: Int, of element: Element.Type) -> VectorView<Element> {
    let bytes = count * MemoryLayout<Element>.stride
    let floats = vector((bytes + MemoryLayout<Float>.stride - 1) / MemoryLayout<Float>.stride)
    return VectorView(base: UnsafeMutableRawPointer(floats.base).assumingMemoryBound(to: element), count: count)
  }

  public mutating func matrix<Element: BitwiseCopyable>(
    _ rows: Int, _ columns: Int, of element: Element.Type
  ) -> MatrixView<Element> {
    vector(rows * columns, of: element).reshaped(rows: rows, columns: columns)
  }
}
