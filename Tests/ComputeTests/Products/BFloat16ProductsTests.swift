import Compute
import ReferenceArithmetic
import Testing

/// Products of bfloat16 numbers are exact in single precision, so only the sums round: by at most 2⁻²⁴ of what they have
/// come to, once a summand.
@Suite struct BFloat16ProductsTests {
  struct Case: Sendable, CustomStringConvertible {
    let (rows, columns, inner): (Int, Int, Int)
    let (aTransposed, bTransposed): (Bool, Bool)
    var description: String { "[\(rows), \(columns)] of \(inner) products, \(aTransposed), \(bTransposed)" }

    static let all = [(1, 1, 1), (5, 7, 3), (17, 33, 65), (50, 50, 64), (70, 129, 31)].flatMap { shape in
      [(false, false), (false, true), (true, false)].map {
        Case(
          rows: shape.0, columns: shape.1, inner: shape.2, aTransposed: $0.0, bTransposed: $0.1)
      }
    }

    init(rows: Int, columns: Int, inner: Int, aTransposed: Bool, bTransposed: Bool) {
      (self.rows, self.columns, self.inner) = (rows, columns, inner)
      (self.aTransposed, self.bTransposed) = (aTransposed, bTransposed)
    }
  }

  @Test(arguments: Case.all, [false, true]) func agreesWithExactSums(_ shape: Case, adding: Bool) {
    let data = Data(shape)
    let c = FramedMatrix(rows: shape.rows, columns: shape.columns, Placement(offset: 3, padding: 5), seed: 3)
    let before = c.grid(of: Double.self)
    multiply(data.left, data.right, into: c.view, from: adding ? .target : .zero)
    check(c, before: adding ? before : nil, data)
    #expect(c.frameIsIntact)
  }

  private func check(_ c: FramedMatrix, before: Grid<Double>?, _ data: Data) {
    let shape = data.shape
    for row in 0..<shape.rows {
      for column in 0..<shape.columns {
        let start = before?[row, column] ?? 0
        let (exact, size) = data.sum(row, column)
        let bound = Double(shape.inner + 1) * 0x1p-24 * (size + abs(start)) * 1.01
        #expect(abs(Double(c.view[row, column]) - start - exact) <= bound)
      }
    }
  }

  @Test(arguments: Case.all) func roundedResultsAreTheRoundedSums(_ shape: Case) {
    let data = Data(shape)
    let sums = FramedMatrix(rows: shape.rows, columns: shape.columns)
    multiply(data.left, data.right, into: sums.view)
    let bias = FramedMatrix(rows: 1, columns: shape.columns, seed: 9)
    let output = AlignedBuffer(repeating: BFloat16(0), count: shape.rows * shape.columns)
    let product = AlignedBuffer<Float>(
      repeating: .nan, count: BFloat16.productCount(rows: shape.rows, columns: shape.columns))
    let view = output.all.reshaped(rows: shape.rows, columns: shape.columns)
    BFloat16.multiply(data.left, data.right, bias: bias.vector, into: view, product: product.all)
    for row in 0..<shape.rows {
      for column in 0..<shape.columns {
        #expect(view[row, column] == BFloat16(sums.view[row, column] + bias.vector[column]))
      }
    }
    BFloat16.multiply(data.left, data.right, bias: nil, into: view, product: product.all)
    #expect(output.all.array == sums.values.map { BFloat16($0) })
    withExtendedLifetime((output.count, product.count)) {}
  }

  /// A block that drops tokens makes products of fewer rows in the memory that was measured for all.
  @Test func memoryForManyRowsIsEnoughForFewer() {
    let columns = 800
    let memory = AlignedBuffer<Float>(repeating: 0, count: BFloat16.productCount(rows: 3152, columns: columns))
    let zeros = AlignedBuffer(repeating: BFloat16(0), count: 3152 + columns + 3152 * columns)
    for rows in stride(from: 1, through: 3152, by: 50) {
      let a = zeros.all[0..<rows].reshaped(rows: rows, columns: 1)
      let b = zeros.all[3152..<3152 + columns].reshaped(rows: 1, columns: columns)
      let c = zeros.all[3152 + columns..<3152 + columns + rows * columns].reshaped(rows: rows, columns: columns)
      // Traps where the memory is too small.
      BFloat16.multiply(.plain(a), .plain(b), bias: nil, into: c, product: memory.all)
    }
    withExtendedLifetime((memory.count, zeros.count)) {}
  }

  /// Factors of normal numbers, rounded.
  final class Data {
    let shape: Case
    private let a, b: AlignedBuffer<BFloat16>

    init(_ shape: Case) {
      self.shape = shape
      a = AlignedBuffer(repeating: BFloat16(0), count: shape.rows * shape.inner)
      b = AlignedBuffer(repeating: BFloat16(0), count: shape.inner * shape.columns)
      for (index, value) in normals(a.count, seed: 1).enumerated() { a.base[index] = BFloat16(Float(value)) }
      for (index, value) in normals(b.count, seed: 2).enumerated() { b.base[index] = BFloat16(Float(value)) }
    }

    var left: Operand<BFloat16> {
      shape.aTransposed
        ? .transposed(a.all.reshaped(rows: shape.inner, columns: shape.rows))
        : .plain(a.all.reshaped(rows: shape.rows, columns: shape.inner))
    }

    var right: Operand<BFloat16> {
      shape.bTransposed
        ? .transposed(b.all.reshaped(rows: shape.columns, columns: shape.inner))
        : .plain(b.all.reshaped(rows: shape.inner, columns: shape.columns))
    }

    /// Σ a·b exactly, and Σ |a·b|.
    func sum(_ row: Int, _ column: Int) -> (Double, Double) {
      var (sum, size) = (0.0, 0.0)
      for k in 0..<shape.inner {
        let x = a.base[shape.aTransposed ? k * shape.rows + row : row * shape.inner + k].float
        let y = b.base[shape.bTransposed ? column * shape.inner + k : k * shape.columns + column].float
        sum += Double(x) * Double(y)
        size += abs(Double(x) * Double(y))
      }
      return (sum, size)
    }
  }
}
