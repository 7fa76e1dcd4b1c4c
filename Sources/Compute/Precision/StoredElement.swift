import CBFloat16

#if canImport(Glibc)
  import Glibc
#endif

/// What activations, and the weights that they are multiplied with, are kept as. Arithmetic is in `Float`, sixteen at a
/// time, whatever they are kept as.
public protocol StoredElement: BitwiseCopyable, Sendable {
  init(_ value: Float)
  var float: Float { get }

  /// The sixteen values at `address`, which need not be aligned.
  static func lanes(at address: UnsafePointer<Self>) -> SIMD16<Float>
  /// Rounds sixteen values and writes them to `address`.
  static func store(_ lanes: SIMD16<Float>, at address: UnsafeMutablePointer<Self>)

  /// C = A·B, or what `start` says; sums are single precision. One thread; the caller's.
  static func multiply(
    _ a: Operand<Self>, _ b: Operand<Self>, into c: Matrix, from start: ProductStart, finish: ProductPart)

  /// The floats of scratch that a product of so many rows and columns needs before it is rounded; 0 where nothing is.
  static func productCount(rows: Int, columns: Int) -> Int
  /// C = A·B + b on each row, rounded. One thread; the caller's.
  static func multiply(
    _ a: Operand<Self>, _ b: Operand<Self>, bias: Vector?, into c: MatrixView<Self>, product: Vector)

  /// x = A·B + b on each row, kept, and y = GELU(x). One thread; the caller's.
  static func multiplyAndActivate(
    _ a: Operand<Self>, _ b: Operand<Self>, bias: Vector, kept: MatrixView<Self>, output: MatrixView<Self>,
    product: Vector)
  /// With dy = A·B: the gradient of x through y = GELU(x), and y once more. One thread; the caller's.
  static func multiplyThroughActivation(
    _ a: Operand<Self>, _ b: Operand<Self>, kept: MatrixView<Self>, output: MatrixView<Self>,
    gradient: MatrixView<Self>, product: Vector)

  /// `floats` as this element: themselves, or rounded into `memory`.
  static func stored(_ floats: Matrix, in memory: MatrixView<Self>) -> MatrixView<Self>
}

/// A short block goes through memory of a whole one, with `memcpy`: lane by lane, the compiler would take apart the
/// arithmetic of whole blocks too.
extension StoredElement {
  /// The first `count` values at `address`, zero after them; `count` is at most 16.
  @inline(__always)
  static func lanes(at address: UnsafePointer<Self>, first count: Int) -> Lanes {
    var whole = SIMD16<UInt32>(repeating: 0)
    memcpy(&whole, address, count * MemoryLayout<Self>.stride)
    return withUnsafePointer(to: &whole) {
      UnsafeRawPointer($0).withMemoryRebound(to: Self.self, capacity: 16) { lanes(at: $0) }
    }
  }

  @inline(__always)
  static func store(_ lanes: Lanes, at address: UnsafeMutablePointer<Self>, first count: Int) {
    var whole = SIMD16<UInt32>(repeating: 0)
    withUnsafeMutablePointer(to: &whole) {
      UnsafeMutableRawPointer($0).withMemoryRebound(to: Self.self, capacity: 16) { store(lanes, at: $0) }
    }
    memcpy(address, &whole, count * MemoryLayout<Self>.stride)
  }
}

extension Float: StoredElement {
  @inlinable
  public var float: Float { self }

  public static func stored(_ floats: Matrix, in memory: Matrix) -> Matrix { floats }

  @inline(__always)
  public static func lanes(at address: UnsafePointer<Float>) -> SIMD16<Float> {
    UnsafeRawPointer(address).loadUnaligned(as: SIMD16<Float>.self)
  }

  @inline(__always)
  public static func store(_ lanes: SIMD16<Float>, at address: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(address).storeBytes(of: lanes, as: SIMD16<Float>.self)
  }
}

extension BFloat16: StoredElement {
  public static func stored(_ floats: Matrix, in memory: MatrixView<BFloat16>) -> MatrixView<BFloat16> {
    precondition(memory.rows == floats.rows && memory.columns == floats.columns, "shapes do not fit")
    for row in 0..<floats.rows { convert(output: memory.row(row), input: floats.row(row)) }
    return memory
  }

  @inline(__always)
  public static func lanes(at address: UnsafePointer<BFloat16>) -> SIMD16<Float> { bfloat16Load(address) }

  /// Rounds as `init(_:)` does. The NaN that arithmetic makes stays one; of a NaN whose lowest bits are set, which only
  /// comes from outside, may become something else that is not a usual number.
  @inline(__always)
  public static func store(_ lanes: SIMD16<Float>, at address: UnsafeMutablePointer<BFloat16>) {
    bfloat16Store(lanes, address)
  }
}
