import CTranspose

/// Copies a part of A or B so that a tile reads it one number after another, widened to single precision.
///
/// A panel is [depth, width]: the numbers that a tile needs for one k lie together. Where a panel at the edge has no row or
/// column to take them from, they are whatever comes: each gives a sum of its own, which nobody reads.
extension Operand where Element: StoredElement {
  /// Packs rows of A for tiles of six rows.
  ///
  /// - Parameter output: for each six rows a panel [depth, 6]; up to two floats behind the last one are overwritten.
  @inline(__always)
  func packRows(_ rows: Range<Int>, depth: Range<Int>, into output: UnsafeMutablePointer<Float>) {
    switch self {
    case .plain(let a):
      for first in stride(from: rows.lowerBound, to: rows.upperBound, by: 6) {
        let part = a.rows(first..<min(first + 6, rows.upperBound)).columns(depth)
        writeColumns(of: part, into: output + (first - rows.lowerBound) * depth.count, stride: 6)
      }
    case .transposed(let a):
      // Four panels at a time, so that a cache line of A is met once or twice. Each takes six of the sixteen numbers that it
      // reads.
      let whole = min(rows.count, a.columns - rows.lowerBound - 10) / 24 * 24
      for first in stride(from: rows.lowerBound, to: rows.lowerBound + whole, by: 24) {
        let panel = output + (first - rows.lowerBound) * depth.count
        for (index, k) in depth.enumerated() {
          let source = UnsafePointer(a.base + k * a.stride + first)
          for number in 0..<4 {
            let lanes = Element.lanes(at: source + number * 6)
            let target = UnsafeMutableRawPointer(panel + (number * depth.count + index) * 6)
            target.storeBytes(of: lanes.lowHalf.lowHalf, as: SIMD4<Float>.self)
            target.storeBytes(of: lanes.lowHalf.highHalf.lowHalf, toByteOffset: 16, as: SIMD2<Float>.self)
          }
        }
      }
      for first in stride(from: rows.lowerBound + whole, to: rows.upperBound, by: 6) {
        let panel = output + (first - rows.lowerBound) * depth.count
        let count = min(6, rows.upperBound - first)
        for (index, k) in depth.enumerated() {
          let lanes = Element.lanes(at: UnsafePointer(a.base + k * a.stride + first), first: count)
          UnsafeMutableRawPointer(panel + index * 6).storeBytes(of: lanes.lowHalf, as: SIMD8<Float>.self)
        }
      }
    }
  }

  /// Packs up to `width` columns of B for the tiles of one panel; `width` is a multiple of sixteen.
  ///
  /// - Parameter output: [depth, width].
  @inline(__always)
  func packColumns(_ columns: Range<Int>, depth: Range<Int>, width: Int, into output: UnsafeMutablePointer<Float>) {
    for first in stride(from: columns.lowerBound, to: columns.upperBound, by: 16) {
      let count = min(16, columns.upperBound - first)
      let target = output + (first - columns.lowerBound)
      switch self {
      case .plain(let b):
        for (index, k) in depth.enumerated() {
          let source = UnsafePointer(b.base + k * b.stride + first)
          let lanes = count == 16 ? Element.lanes(at: source) : Element.lanes(at: source, first: count)
          Float.store(lanes, at: target + index * width)
        }
      case .transposed(let b):
        let part = b.rows(first..<first + count).columns(depth)
        writeColumns(of: part.rows(0..<min(8, count)), into: target, stride: width)
        if count > 8 { writeColumns(of: part.rows(8..<count), into: target + 8, stride: width) }
      }
    }
  }
}

/// Writes the columns of a matrix of up to eight rows as eight floats each, `stride` apart. With a stride below eight the
/// last ones of a column are overwritten by the next.
@inline(__always)
private func writeColumns<Element: StoredElement>(
  of matrix: MatrixView<Element>, into output: UnsafeMutablePointer<Float>, stride: Int
) {
  let count = matrix.columns
  guard count >= 16 else {
    for column in 0..<count {
      for row in 0..<matrix.rows { output[column * stride + row] = matrix[row, column].float }
    }
    return
  }
  @inline(__always) func row(_ index: Int) -> UnsafePointer<Element> {
    UnsafePointer(matrix.base + min(index, matrix.rows - 1) * matrix.stride)
  }
  let (r0, r1, r2, r3, r4, r5, r6, r7) = (row(0), row(1), row(2), row(3), row(4), row(5), row(6), row(7))
  // The last sixteen columns may have been there before in part.
  for start in Swift.stride(from: 0, to: count, by: 16) {
    let column = min(start, count - 16)
    @inline(__always) func lanes(_ row: UnsafePointer<Element>) -> Lanes { Element.lanes(at: row + column) }
    let (x0, x1, x2, x3) = (lanes(r0), lanes(r1), lanes(r2), lanes(r3))
    let (x4, x5, x6, x7) = (lanes(r4), lanes(r5), lanes(r6), lanes(r7))
    let target = output + column * stride
    storeTransposed(
      x0.lowHalf, x1.lowHalf, x2.lowHalf, x3.lowHalf, x4.lowHalf, x5.lowHalf, x6.lowHalf, x7.lowHalf, target, stride)
    storeTransposed(
      x0.highHalf, x1.highHalf, x2.highHalf, x3.highHalf, x4.highHalf, x5.highHalf, x6.highHalf, x7.highHalf,
      target + 8 * stride, stride)
  }
}
