import Compute

/// The rows of a matrix brought to a length of one, so that products of two of them are cosines. A row of zeros stays one.
final class UnitRows: @unchecked Sendable {
  let rows: Matrix
  private let memory: AlignedBuffer<Float>

  init(of source: Matrix, pool: WorkerPool) {
    memory = AlignedBuffer(repeating: 0, count: source.rows * source.columns)
    let rows = memory.all.reshaped(rows: source.rows, columns: source.columns)
    self.rows = rows
    pool.run { worker in
      for index in slice(of: source.rows, for: worker, among: pool.count) {
        let length = sumOfSquares(source.row(index)).squareRoot()
        guard length > 0 else { continue }
        let (input, output) = (source.row(index), rows.row(index))
        for column in 0..<source.columns { output[column] = Float(Double(input[column]) / length) }
      }
    }
  }
}
