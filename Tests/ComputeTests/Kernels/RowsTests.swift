import Compute
import ReferenceArithmetic
import Testing

/// These kernels promise an order, or make one rounding an element: the comparison is exact.
@Suite struct RowsTests {
  static let (rows, columns) = (5, 37)

  @Test(arguments: Placement.all) func copyAndFill(_ placement: Placement) {
    let (source, target) = (matrix(placement, seed: 1), matrix(placement, seed: 2))
    copyRows(output: target.view, input: source.view)
    #expect(target.bits == source.bits)
    let vector = FramedMatrix(rows: 1, columns: Self.columns, placement, seed: 3)
    fillRows(of: target.view, with: vector.vector)
    #expect(target.bits == (0..<Self.rows).flatMap { _ in vector.bits })
    #expect(target.frameIsIntact)
    clear(target.view.row(2))
    #expect(
      (0..<Self.rows).map { target.view.row($0).array == Array(repeating: 0, count: Self.columns) }
        == [false, false, true, false, false])
    #expect(target.frameIsIntact)
  }

  @Test(arguments: Placement.all) func additions(_ placement: Placement) {
    let (a, b) = (matrix(placement, seed: 1), matrix(placement, seed: 2))
    let vector = FramedMatrix(rows: 1, columns: Self.columns, placement, seed: 3)
    let output = matrix(placement, seed: 4)

    addToRows(output: output.view, input: a.view, vector: vector.vector)
    #expect(output.values == a.values.enumerated().map { $1 + vector.values[$0 % Self.columns] })
    addToRows(output: output.view, input: output.view, vector: vector.vector)
    #expect(
      output.values
        == a.values.enumerated().map {
          $1 + vector.values[$0 % Self.columns] + vector.values[$0 % Self.columns]
        })

    let sum = zip(a.values, b.values).map { $0 + $1 }
    add(output: output.view.row(0), a.view.row(0), b.view.row(0))
    #expect(output.view.row(0).array == Array(sum.prefix(Self.columns)))
    addRows(to: a.view, b.view)
    #expect(a.values == sum)
    #expect(output.frameIsIntact && a.frameIsIntact)
  }

  @Test(arguments: Placement.all) func sumOfRowsGoesFromFirstToLast(_ placement: Placement) {
    let input = FramedMatrix(rows: 203, columns: Self.columns, placement, seed: 1)
    defer { extendLifetime(input) }
    let output = FramedMatrix(rows: 1, columns: Self.columns, placement, seed: 2)
    var expected = Array(repeating: Float(0), count: Self.columns)
    for row in 0..<input.view.rows {
      for column in 0..<Self.columns { expected[column] += input.view[row, column] }
    }
    sumRows(output: output.vector, input: input.view)
    #expect(output.values == expected)
    #expect(output.frameIsIntact)
  }

  /// The square of a float is exact in double precision, and so is the sum of squares of small whole numbers.
  @Test(arguments: [0, 1, 15, 16, 17, 37, 1000]) func sumOfSquaresOfWholeNumbersIsExact(_ count: Int) {
    for placement in Placement.all {
      let values = (0..<count).map { Float(($0 * 37 + 11) % 2001 - 1000) }
      let vector = FramedMatrix(rows: 1, columns: count, placement, values: values)
      defer { extendLifetime(vector) }
      #expect(sumOfSquares(vector.vector) == values.reduce(0.0) { $0 + Double($1) * Double($1) })
    }
  }

  /// All terms are positive, so n − 1 additions in double precision are off by (n − 1)·2⁻⁵³ of the sum at most, here
  /// and in the reference; no float is too large or too small for it.
  @Test func sumOfSquaresIsAccurate() {
    let values = normals(5003, seed: 1) + [.greatestFiniteMagnitude, .leastNonzeroMagnitude, -.greatestFiniteMagnitude]
    for count in [37, 5003, values.count] {
      let vector = FramedMatrix(rows: 1, columns: count, values: Array(values.prefix(count)))
      let exact = values.prefix(count).reduce(0.0) { $0 + Double($1) * Double($1) }
      #expect(abs(sumOfSquares(vector.vector) - exact) <= 2 * Double(count) * 0x1p-53 * exact)
    }
    let tiny = FramedMatrix(rows: 1, columns: 1, values: [.leastNonzeroMagnitude])
    defer { extendLifetime(tiny) }
    #expect(sumOfSquares(tiny.vector) == 0x1p-298)
    let spoilt = FramedMatrix(rows: 1, columns: 19, values: Array(repeating: 1, count: 18) + [.nan])
    defer { extendLifetime(spoilt) }
    #expect(sumOfSquares(spoilt.vector).isNaN)
  }

  private func matrix(_ placement: Placement, seed: UInt64) -> FramedMatrix {
    FramedMatrix(rows: Self.rows, columns: Self.columns, placement, seed: seed)
  }
}
