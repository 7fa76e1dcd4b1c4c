import Compute
import ReferenceArithmetic

/// Where a matrix lies: how many floats after the start of a cache line, and how many floats between its rows.
struct Placement: Sendable, CustomStringConvertible {
  let offset: Int
  let padding: Int

  static let aligned = Placement(offset: 0, padding: 0)
  /// No result may depend on which of these it is.
  static let all = [aligned, Placement(offset: 1, padding: 0), Placement(offset: 5, padding: 3)]

  var description: String { "offset \(offset), padding \(padding)" }
}

/// A matrix in memory of its own, in a frame of marked NaNs: reading the frame spoils a result, and writing to it shows.
final class FramedMatrix {
  let view: Matrix
  private let memory: AlignedBuffer<Float>
  private let reach: Int
  private static let mark = Float(bitPattern: 0x7FC0_BEEF)

  /// - Parameter reach: the columns of a row that may be written, padding included; all that there are by default.
  init(rows: Int, columns: Int, _ placement: Placement = .aligned, reach: Int? = nil, values: [Float]? = nil) {
    let stride = columns + placement.padding
    let margin = 32
    memory = AlignedBuffer(repeating: FramedMatrix.mark, count: margin + placement.offset + rows * stride + margin)
    self.reach = reach ?? columns
    view = Matrix(base: memory.base + margin + placement.offset, rows: rows, columns: columns, stride: stride)
    if let values { fill(values) }
  }

  /// Of normal numbers.
  convenience init(
    rows: Int, columns: Int, _ placement: Placement = .aligned, reach: Int? = nil, seed: UInt64, scale: Double = 1
  ) {
    self.init(
      rows: rows, columns: columns, placement, reach: reach,
      values: normals(rows * columns, seed: seed).map { Float(Double($0) * scale) })
  }

  func fill(_ values: [Float]) {
    precondition(values.count == view.rows * view.columns)
    for row in 0..<view.rows {
      for column in 0..<view.columns { view[row, column] = values[row * view.columns + column] }
    }
  }

  /// For a matrix of one row.
  var vector: Vector {
    precondition(view.rows == 1)
    return view.row(0)
  }

  var values: [Float] { (0..<view.rows).flatMap { view.row($0).array } }
  var bits: [UInt32] { values.map(\.bitPattern) }
  var doubles: [Double] { values.map(Double.init) }

  func grid<Number: Real>(of: Number.Type = Number.self) -> Grid<Number> {
    Grid(rows: view.rows, columns: view.columns, values.map { Number($0) })
  }

  /// Whether every float outside of the matrix still has its mark.
  var frameIsIntact: Bool {
    let start = view.base - memory.base
    return (0..<memory.count).allSatisfy { index in
      let (row, column) = (index - start).quotientAndRemainder(dividingBy: view.stride)
      let isInside = index >= start && row < view.rows && column < reach
      return isInside || memory.base[index].bitPattern == FramedMatrix.mark.bitPattern
    }
  }
}

/// `count` numbers of the standard normal distribution.
func normals(_ count: Int, seed: UInt64) -> [Float] {
  var stream = RandomStream(seed: seed, purpose: .initialization)
  return (0..<count).map { _ in Float(stream.normal()) }
}
