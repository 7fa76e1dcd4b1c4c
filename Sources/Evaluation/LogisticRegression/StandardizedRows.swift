import Compute

/// What brings each feature to a mean of zero and a deviation of one over a train set.
struct Standardization: Sendable {
  let mean: [Double]
  /// 1 / the deviation; 0 for a feature that is the same everywhere, which then says nothing.
  let scale: [Double]

  /// - Parameter rows: [N, D].
  init(of rows: Matrix) {
    var mean = [Double](repeating: 0, count: rows.columns)
    var squares = mean
    for index in 0..<rows.rows {
      let row = rows.row(index)
      for column in 0..<rows.columns { mean[column] += Double(row[column]) }
    }
    for column in mean.indices { mean[column] /= Double(rows.rows) }
    for index in 0..<rows.rows {
      let row = rows.row(index)
      for column in 0..<rows.columns {
        let distance = Double(row[column]) - mean[column]
        squares[column] += distance * distance
      }
    }
    self.mean = mean
    scale = zip(squares, mean).map { squares, mean in
      let deviation = (squares / Double(rows.rows)).squareRoot()
      // Below, a deviation is nothing but the rounding of its values.
      return deviation > 1e-6 * abs(mean) && deviation > 0 ? 1 / deviation : 0
    }
  }
}

/// Rows after a standardisation, in memory of their own.
final class StandardizedRows: @unchecked Sendable {
  let rows: Matrix
  private let memory: AlignedBuffer<Float>

  init(_ source: Matrix, _ standardization: Standardization, pool: WorkerPool) {
    memory = AlignedBuffer(repeating: 0, count: source.rows * source.columns)
    let rows = memory.all.reshaped(rows: source.rows, columns: source.columns)
    self.rows = rows
    pool.run { worker in
      for index in slice(of: source.rows, for: worker, among: pool.count) {
        let (input, output) = (source.row(index), rows.row(index))
        for column in 0..<source.columns {
          output[column] = Float(
            (Double(input[column]) - standardization.mean[column]) * standardization.scale[column])
        }
      }
    }
  }
}
