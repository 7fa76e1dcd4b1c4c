import CProcessor

/// The innermost part of a product: a tile of six rows and two vectors of columns, which stays in registers while it runs
/// along the rows of A and the columns of B.
///
/// Every element of the tile is one chain of fused multiply-adds in the order of k. So its bits are those of a plain loop,
/// whatever the vectors' length and wherever the tile lies.
enum ProductTile<V: SIMD> where V.Scalar == Float {
  static var rows: Int { 6 }
  static var columns: Int { 2 * V.scalarCount }

  /// C = S + A·B.
  ///
  /// - Parameters:
  ///   - depth: the k that it runs over.
  ///   - a: [rows, depth].
  ///   - b: [depth, columns], one after another.
  ///   - c: [rows, columns], its rows `stride` apart.
  ///   - start: S.
  ///   - next: the tile that will be asked for after this one, for the cache.
  @inline(__always)
  static func add(
    depth: Int, _ a: TileRows, _ b: UnsafePointer<Float>, to c: UnsafeMutablePointer<Float>, stride: Int,
    from start: TileStart, next: UnsafeMutablePointer<Float>
  ) {
    switch a {
    case .panel(let base): addPanel(depth, base, b, c, stride, start, next)
    case .inPlace(let base, let row, let step): addInPlace(depth, base, row, step, b, c, stride, start, next)
    }
  }

  @specialized(where V == SIMD8<Float>)
  @specialized(where V == SIMD16<Float>)
  @inline(never)
  private static func addPanel(
    _ depth: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>, _ stride: Int,
    _ start: TileStart, _ next: UnsafeMutablePointer<Float>
  ) {
    add(depth, a, row: 1, step: 6, b, c, stride, start, next)
  }

  @specialized(where V == SIMD8<Float>)
  @specialized(where V == SIMD16<Float>)
  @inline(never)
  private static func addInPlace(
    _ depth: Int, _ a: UnsafePointer<Float>, _ row: Int, _ step: Int, _ b: UnsafePointer<Float>,
    _ c: UnsafeMutablePointer<Float>, _ stride: Int, _ start: TileStart, _ next: UnsafeMutablePointer<Float>
  ) {
    add(depth, a, row: row, step: step, b, c, stride, start, next)
  }

  /// Twelve sums, two vectors of B and one value of A are fifteen registers, of sixteen that AVX2 has; and twelve chains are
  /// more than the eight that two units with a latency of four cycles need.
  @inline(__always)
  private static func add(
    _ depth: Int, _ a: UnsafePointer<Float>, row: Int, step: Int, _ b: UnsafePointer<Float>,
    _ c: UnsafeMutablePointer<Float>, _ stride: Int, _ start: TileStart, _ next: UnsafeMutablePointer<Float>
  ) {
    let lanes = V.scalarCount
    let (row1, row2, row3) = (c + stride, c + 2 * stride, c + 3 * stride)
    let (row4, row5) = (c + 4 * stride, c + 5 * stride)
    let zero = V(repeating: 0)
    var (c00, c10, c20, c30, c40, c50) = (zero, zero, zero, zero, zero, zero)
    var (c01, c11, c21, c31, c41, c51) = (zero, zero, zero, zero, zero, zero)
    if let base = start.base {
      (c00, c01) = (load(base), load(base + lanes))
      (c10, c11) = (load(base + start.stride), load(base + start.stride + lanes))
      (c20, c21) = (load(base + 2 * start.stride), load(base + 2 * start.stride + lanes))
      (c30, c31) = (load(base + 3 * start.stride), load(base + 3 * start.stride + lanes))
      (c40, c41) = (load(base + 4 * start.stride), load(base + 4 * start.stride + lanes))
      (c50, c51) = (load(base + 5 * start.stride), load(base + 5 * start.stride + lanes))
    }
    // A short run has no time to fetch anything.
    if depth >= 64 {
      for index in 0..<6 {
        processor_prefetch_to_write(next + index * stride)
        processor_prefetch_to_write(next + index * stride + columns - 1)
      }
    }
    var (upper, lower, b) = (a, a + 3 * row, b)
    for _ in 0..<depth {
      let (b0, b1) = (load(b), load(b + lanes))
      var x = V(repeating: upper[0])
      c00.addProduct(x, b0)
      c01.addProduct(x, b1)
      x = V(repeating: upper[row])
      c10.addProduct(x, b0)
      c11.addProduct(x, b1)
      x = V(repeating: upper[2 * row])
      c20.addProduct(x, b0)
      c21.addProduct(x, b1)
      x = V(repeating: lower[0])
      c30.addProduct(x, b0)
      c31.addProduct(x, b1)
      x = V(repeating: lower[row])
      c40.addProduct(x, b0)
      c41.addProduct(x, b1)
      x = V(repeating: lower[2 * row])
      c50.addProduct(x, b0)
      c51.addProduct(x, b1)
      upper += step
      lower += step
      b += columns
    }
    store(c00, c01, at: c)
    store(c10, c11, at: row1)
    store(c20, c21, at: row2)
    store(c30, c31, at: row3)
    store(c40, c41, at: row4)
    store(c50, c51, at: row5)
  }

  /// The same for a tile of one vector of columns, in the first half of b's rows.
  @inline(__always)
  static func addHalf(
    depth: Int, _ a: TileRows, _ b: UnsafePointer<Float>, to c: UnsafeMutablePointer<Float>, stride: Int,
    from start: TileStart
  ) {
    switch a {
    case .panel(let base): addHalf(depth, base, row: 1, step: 6, b, c, stride, start)
    case .inPlace(let base, let row, let step): addHalf(depth, base, row: row, step: step, b, c, stride, start)
    }
  }

  @specialized(where V == SIMD8<Float>)
  @specialized(where V == SIMD16<Float>)
  @inline(never)
  private static func addHalf(
    _ depth: Int, _ a: UnsafePointer<Float>, row: Int, step: Int, _ b: UnsafePointer<Float>,
    _ c: UnsafeMutablePointer<Float>, _ stride: Int, _ start: TileStart
  ) {
    let (row1, row2, row3) = (c + stride, c + 2 * stride, c + 3 * stride)
    let (row4, row5) = (c + 4 * stride, c + 5 * stride)
    let zero = V(repeating: 0)
    var (c0, c1, c2, c3, c4, c5) = (zero, zero, zero, zero, zero, zero)
    if let base = start.base {
      (c0, c1, c2) = (load(base), load(base + start.stride), load(base + 2 * start.stride))
      (c3, c4, c5) = (load(base + 3 * start.stride), load(base + 4 * start.stride), load(base + 5 * start.stride))
    }
    var (upper, lower, b) = (a, a + 3 * row, b)
    for _ in 0..<depth {
      let b0 = load(b)
      c0.addProduct(V(repeating: upper[0]), b0)
      c1.addProduct(V(repeating: upper[row]), b0)
      c2.addProduct(V(repeating: upper[2 * row]), b0)
      c3.addProduct(V(repeating: lower[0]), b0)
      c4.addProduct(V(repeating: lower[row]), b0)
      c5.addProduct(V(repeating: lower[2 * row]), b0)
      upper += step
      lower += step
      b += columns
    }
    store(c0, at: c)
    store(c1, at: row1)
    store(c2, at: row2)
    store(c3, at: row3)
    store(c4, at: row4)
    store(c5, at: row5)
  }

  @inline(__always)
  private static func load(_ address: UnsafePointer<Float>) -> V {
    UnsafeRawPointer(address).loadUnaligned(as: V.self)
  }

  @inline(__always)
  private static func store(_ vector: V, at address: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(address).storeBytes(of: vector, as: V.self)
  }

  @inline(__always)
  private static func store(_ first: V, _ second: V, at address: UnsafeMutablePointer<Float>) {
    store(first, at: address)
    store(second, at: address + V.scalarCount)
  }
}

/// Six rows of A, from some k on.
enum TileRows {
  /// [depth, 6], one after another.
  case panel(UnsafePointer<Float>)
  /// Where the first number is, how far apart the rows are, and how far apart the numbers of a row.
  case inPlace(UnsafePointer<Float>, row: Int, step: Int)

  /// Where they are in A itself.
  @inline(__always)
  static func inPlace(_ a: Operand<Float>, row: Int, depth: Int) -> TileRows {
    let matrix = a.matrix
    let (rowStep, step) = a.isTransposed ? (1, matrix.stride) : (matrix.stride, 1)
    return .inPlace(matrix.base + row * rowStep + depth * step, row: rowStep, step: step)
  }
}

/// What a tile's sums begin with.
struct TileStart {
  /// Nil for zero.
  let base: UnsafePointer<Float>?
  /// How far its rows are apart: 0 where each is the same.
  let stride: Int

  static var zero: TileStart { TileStart(base: nil, stride: 0) }
}
