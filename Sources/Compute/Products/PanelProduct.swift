import CProcessor

/// Our own product of matrices, with sums in single precision whatever its operands are kept as.
///
/// Blocks of A and B are copied to where a tile reads them one number after another (K. Goto and R. van de Geijn, "Anatomy
/// of high-performance matrix multiplication", ACM TOMS 34, 2008): B's for the third-level cache, A's for the second, and a
/// panel of B's block for the first. Every element is one chain of fused multiply-adds in the order of k, so the bits
/// depend neither on the blocks nor on the CPU.
public enum PanelProduct {
  /// The size of the blocks: A's are [rows, depth], B's [depth, columns]. Half or twice as much changes the speed little.
  static let rows = 96
  static let columns = 3072
  /// The most k of a block.
  static let greatestDepth = depth(vector: SIMD8<Float>.self)

  /// The k of a block: a panel of B takes 24 KiB, of a first-level cache of 32 or more.
  private static func depth<V: SIMD>(vector: V.Type) -> Int where V.Scalar == Float {
    (24 << 10) / (MemoryLayout<Float>.stride * ProductTile<V>.columns)
  }

  /// A product of no more columns reads A where it is: it would be copied for little.
  private static let columnsThatNeedNoCopy = 64

  /// C = A·B, or what `start` says.
  @inline(__always)
  static func run<Element: StoredElement>(
    _ a: Operand<Element>, _ b: Operand<Element>, into c: Matrix, from start: ProductStart,
    finish: ProductPart
  ) {
    if hasLongVectors {
      run(a, b, into: c, from: start, vector: SIMD16<Float>.self, finish: finish)
    } else {
      run(a, b, into: c, from: start, vector: SIMD8<Float>.self, finish: finish)
    }
  }

  private static let hasLongVectors = PROCESSOR_BUILT_FOR & PROCESSOR_AVX512F != 0

  /// The same with vectors of a certain length.
  @specialized(where Element == Float, V == SIMD8<Float>)
  @specialized(where Element == Float, V == SIMD16<Float>)
  @specialized(where Element == BFloat16, V == SIMD8<Float>)
  @specialized(where Element == BFloat16, V == SIMD16<Float>)
  @inline(never)
  public static func run<Element: StoredElement, V: SIMD>(
    _ a: Operand<Element>, _ b: Operand<Element>, into c: Matrix, from start: ProductStart, vector: V.Type,
    finish: ProductPart
  ) where V.Scalar == Float {
    precondition(V.scalarCount == 8 || V.scalarCount == 16, "the memory is for vectors of eight or sixteen")
    let width = ProductTile<V>.columns
    let memory = PackingMemory.ofThisThread
    memory.take()
    defer { memory.giveBack() }
    let inPlace = c.columns <= columnsThatNeedNoCopy ? a.floats : nil
    for columns in Ranges(of: c.columns, by: PanelProduct.columns) {
      for depth in Ranges(of: a.columns, by: depth(vector: V.self)) {
        let (isFirst, isLast) = (depth.lowerBound == 0, depth.upperBound == a.columns)
        for rows in Ranges(of: c.rows, by: PanelProduct.rows) {
          // A tile is always of six rows: what is left over has to be copied.
          let copied = inPlace == nil ? rows : rows.upperBound - rows.count % 6..<rows.upperBound
          a.packRows(copied, depth: depth, into: memory.a)
          for first in stride(from: columns.lowerBound, to: columns.upperBound, by: width) {
            let panel = first..<min(first + width, columns.upperBound)
            if isFirst { start.writeResidual(to: c, rows: rows, columns: panel) }
            let panelOfB = memory.b + (first - columns.lowerBound) * depth.count
            if rows.lowerBound == 0 { b.packColumns(panel, depth: depth, width: width, into: panelOfB) }
            let tiles = PanelOfTiles<V>(
              b: panelOfB, depth: depth.count, c: c, columns: panel,
              start: isFirst ? start : .target, edge: memory.tile)
            if let inPlace {
              for row in stride(from: rows.lowerBound, to: copied.lowerBound, by: 6) {
                tiles.add(.inPlace(inPlace, row: row, depth: depth.lowerBound), rows: row..<row + 6)
              }
            }
            for row in stride(from: copied.lowerBound, to: copied.upperBound, by: 6) {
              tiles.add(
                .panel(memory.a + (row - copied.lowerBound) * depth.count), rows: row..<min(row + 6, copied.upperBound))
            }
          }
          if isLast { finish(rows, columns) }
        }
      }
    }
  }
}

/// The tiles of C that one panel of B is for, at one block of k.
private struct PanelOfTiles<V: SIMD> where V.Scalar == Float {
  typealias Tile = ProductTile<V>

  let b: UnsafePointer<Float>
  let depth: Int
  let c: Matrix
  let columns: Range<Int>
  let start: ProductStart
  /// Memory for a tile of which C has but a part.
  let edge: UnsafeMutablePointer<Float>

  @inline(__always)
  func add(_ a: TileRows, rows: Range<Int>) {
    let target = c.base + rows.lowerBound * c.stride + columns.lowerBound
    let start: TileStart =
      switch self.start {
      case .zero: .zero
      case .target, .residual: TileStart(base: target, stride: c.stride)
      case .bias(let bias): TileStart(base: bias.base + columns.lowerBound, stride: 0)
      }
    guard rows.count < Tile.rows || columns.count < Tile.columns else {
      return Tile.add(
        depth: depth, a, b, to: target, stride: c.stride, from: start, next: target + Tile.rows * c.stride)
    }
    let copy = Matrix(base: edge, rows: rows.count, columns: columns.count, stride: Tile.columns)
    let part = Matrix(base: target, rows: rows.count, columns: columns.count, stride: c.stride)
    switch self.start {
    case .zero: break
    case .target, .residual: copyRows(output: copy, input: part)
    case .bias(let bias): fillRows(of: copy, with: bias[columns])
    }
    let edgeStart = start.base == nil ? start : TileStart(base: edge, stride: Tile.columns)
    if columns.count <= V.scalarCount {
      Tile.addHalf(depth: depth, a, b, to: edge, stride: Tile.columns, from: edgeStart)
    } else {
      Tile.add(depth: depth, a, b, to: edge, stride: Tile.columns, from: edgeStart, next: edge)
    }
    copyRows(output: part, input: copy)
  }
}

/// The numbers up to `count` in ranges of `size`, of which the last may be shorter; one empty range of none.
private struct Ranges: Sequence, IteratorProtocol {
  private let count: Int
  private let size: Int
  private var start: Int? = 0

  @inline(__always)
  init(of count: Int, by size: Int) { (self.count, self.size) = (count, size) }

  @inline(__always)
  mutating func next() -> Range<Int>? {
    guard let first = start else { return nil }
    let end = Swift.min(first + size, count)
    start = end < count ? end : nil
    return first..<end
  }
}
