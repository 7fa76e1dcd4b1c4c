import Compute
import ReferenceArithmetic
import Testing

/// Our own product has the bits of a plain loop of fused multiply-adds, whatever its vectors, blocks and edges.
@Suite struct PanelProductTests {
  struct Shape: Sendable, CustomStringConvertible {
    let (rows, columns, inner): (Int, Int, Int)
    var description: String { "[\(rows), \(columns)] of \(inner) products" }

    /// Tiles are 6 × 16 or 6 × 32, blocks 96 × 384 or 96 × 192 and 3072 columns; up to 64 columns A is read where it is.
    static let all = [
      (1, 1, 1), (5, 7, 3), (6, 16, 16), (7, 17, 15), (12, 32, 64), (11, 24, 37), (18, 40, 20), (97, 33, 65),
      (65, 64, 24), (50, 65, 193), (102, 80, 385), (6, 3100, 9), (200, 100, 771), (100, 3100, 400),
    ].map { Shape(rows: $0.0, columns: $0.1, inner: $0.2) }

    init(rows: Int, columns: Int, inner: Int) { (self.rows, self.columns, self.inner) = (rows, columns, inner) }
  }

  enum Start: CaseIterable { case zero, target, bias, residual, residualInTarget }

  @Test(arguments: Shape.all, [(false, false), (false, true), (true, false), (true, true)])
  func hasTheBitsOfAPlainLoop(_ shape: Shape, transposed: (Bool, Bool)) {
    let a = normals(shape.rows * shape.inner, seed: 1)
    let b = normals(shape.inner * shape.columns, seed: 2)
    for start in Start.allCases {
      for placement in Placement.all {
        check(shape, transposed, start, placement, a, b, vector: SIMD8<Float>.self)
        check(shape, transposed, start, placement, a, b, vector: SIMD16<Float>.self)
      }
    }
  }

  private func check<V: SIMD>(
    _ shape: Shape, _ transposed: (Bool, Bool), _ start: Start, _ placement: Placement, _ a: [Float], _ b: [Float],
    vector: V.Type
  ) where V.Scalar == Float {
    let left = FramedOperand(a, rows: shape.rows, columns: shape.inner, transposed: transposed.0, placement)
    let right = FramedOperand(b, rows: shape.inner, columns: shape.columns, transposed: transposed.1, placement)
    let c = FramedMatrix(rows: shape.rows, columns: shape.columns, placement, seed: 3)
    let residual = FramedMatrix(rows: shape.rows, columns: shape.columns, placement, seed: 4)
    let bias = FramedMatrix(rows: 1, columns: shape.columns, seed: 5)
    defer { extendLifetime(bias) }
    let (before, rest, biases) = (c.values, residual.values, bias.values)
    func started(_ row: Int, _ column: Int) -> Float {
      let index = row * shape.columns + column
      return switch start {
      case .zero: 0
      case .target: before[index]
      case .bias: biases[column]
      case .residual: rest[index] + biases[column]
      case .residualInTarget: before[index] + biases[column]
      }
    }
    let from: ProductStart =
      switch start {
      case .zero: .zero
      case .target: .target
      case .bias: .bias(bias.vector)
      case .residual: .residual(residual.view, bias: bias.vector)
      case .residualInTarget: .residual(c.view, bias: bias.vector)
      }
    var finished = [Int](repeating: 0, count: shape.rows * shape.columns)
    var early = 0
    func expected(_ row: Int, _ column: Int) -> Float {
      (0..<shape.inner).reduce(started(row, column)) { sum, k in
        sum.addingProduct(a[row * shape.inner + k], b[k * shape.columns + column])
      }
    }
    PanelProduct.run(left.operand, right.operand, into: c.view, from: from, vector: V.self) { rows, columns in
      for row in rows {
        for column in columns {
          finished[row * shape.columns + column] += 1
          // A few of them while the product is being made: the sums must be whole by then.
          if (row + column) % 7 == 0, c.view[row, column].bitPattern != expected(row, column).bitPattern { early += 1 }
        }
      }
    }
    #expect(early == 0, "\(start), \(placement), \(V.self)")
    #expect(finished.allSatisfy { $0 == 1 }, "\(start), \(placement), \(V.self)")
    let wrong = (0..<shape.rows).reduce(0) { count, row in
      count + (0..<shape.columns).count { c.view[row, $0].bitPattern != expected(row, $0).bitPattern }
    }
    #expect(wrong == 0, "\(start), \(placement), \(V.self)")
    #expect(c.frameIsIntact, "\(start), \(placement), \(V.self)")
  }

  @Test(arguments: Shape.all, [(false, false), (false, true), (true, false), (true, true)])
  func widensBFloat16WhileItCopies(_ shape: Shape, transposed: (Bool, Bool)) {
    let a = normals(shape.rows * shape.inner, seed: 6).map { BFloat16($0) }
    let b = normals(shape.inner * shape.columns, seed: 7).map { BFloat16($0) }
    let memoryOfA = AlignedBuffer(repeating: BFloat16(0), count: a.count)
    let memoryOfB = AlignedBuffer(repeating: BFloat16(0), count: b.count)
    func operand(
      _ values: [BFloat16], _ memory: VectorView<BFloat16>, _ rows: Int, _ columns: Int, _ transposed: Bool
    ) -> Operand<BFloat16> {
      for row in 0..<rows {
        for column in 0..<columns {
          memory[transposed ? column * rows + row : row * columns + column] = values[row * columns + column]
        }
      }
      return transposed
        ? .transposed(memory.reshaped(rows: columns, columns: rows))
        : .plain(memory.reshaped(rows: rows, columns: columns))
    }
    let left = operand(a, memoryOfA.all, shape.rows, shape.inner, transposed.0)
    let right = operand(b, memoryOfB.all, shape.inner, shape.columns, transposed.1)
    let (short, long) = (
      FramedMatrix(rows: shape.rows, columns: shape.columns), FramedMatrix(rows: shape.rows, columns: shape.columns)
    )
    defer { extendLifetime(short) }
    defer { extendLifetime(long) }
    PanelProduct.run(left, right, into: short.view, from: .zero, vector: SIMD8<Float>.self) { _, _ in }
    PanelProduct.run(left, right, into: long.view, from: .zero, vector: SIMD16<Float>.self) { _, _ in }
    for row in 0..<shape.rows {
      for column in 0..<shape.columns {
        let expected = (0..<shape.inner).reduce(Float(0)) { sum, k in
          sum.addingProduct(a[row * shape.inner + k].float, b[k * shape.columns + column].float)
        }
        #expect(short.view[row, column].bitPattern == expected.bitPattern)
        #expect(long.view[row, column].bitPattern == expected.bitPattern)
      }
    }
    withExtendedLifetime((memoryOfA.count, memoryOfB.count)) {}
  }

  /// A matrix or its transpose, in a frame of NaNs.
  private final class FramedOperand {
    let operand: Operand<Float>
    private let matrix: FramedMatrix

    /// - Parameter values: [rows, columns], of the operand.
    init(_ values: [Float], rows: Int, columns: Int, transposed: Bool, _ placement: Placement) {
      if transposed {
        matrix = FramedMatrix(
          rows: columns, columns: rows, placement,
          values: (0..<columns).flatMap { column in (0..<rows).map { values[$0 * columns + column] } })
        operand = .transposed(matrix.view)
      } else {
        matrix = FramedMatrix(rows: rows, columns: columns, placement, values: values)
        operand = .plain(matrix.view)
      }
    }
  }
}
