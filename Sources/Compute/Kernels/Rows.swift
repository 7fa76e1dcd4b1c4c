#if canImport(Glibc)
  import Glibc
#endif

/// Copies `input`, [rows, columns], into `output` of the same shape.
public func copyRows(output: Matrix, input: Matrix) {
  precondition(output.rows == input.rows && output.columns == input.columns)
  let byteCount = input.columns * MemoryLayout<Float>.stride
  for row in 0..<input.rows {
    memcpy(output.base + row * output.stride, input.base + row * input.stride, byteCount)
  }
}

/// Writes `vector`, [columns], into each row of `output`.
public func fillRows(of output: Matrix, with vector: Vector) {
  precondition(output.columns == vector.count)
  let byteCount = vector.count * MemoryLayout<Float>.stride
  for row in 0..<output.rows {
    memcpy(output.base + row * output.stride, vector.base, byteCount)
  }
}

/// output = input + vector on each row; `output` may be `input`.
public func addToRows(output: Matrix, input: Matrix, vector: Vector) {
  precondition(output.rows == input.rows && output.columns == input.columns && vector.count == input.columns)
  for row in 0..<input.rows {
    add(output: output.row(row), input.row(row), vector)
  }
}

/// output += input, element by element.
public func addRows(to output: Matrix, _ input: Matrix) {
  precondition(output.rows == input.rows && output.columns == input.columns)
  for row in 0..<input.rows {
    add(output: output.row(row), output.row(row), input.row(row))
  }
}

/// output = a + b; `output` may be either.
public func add(output: Vector, _ a: Vector, _ b: Vector) {
  precondition(output.count == a.count && b.count == a.count)
  for block in Blocks(a.count) { output[block] = a[block] + b[block] }
}

/// The sum of the rows of `input`, [rows, columns], into `output`, [columns], from the first row to the last;
/// overwritten.
public func sumRows(output: Vector, input: Matrix) {
  precondition(output.count == input.columns)
  clear(output)
  for row in 0..<input.rows {
    let values = input.row(row)
    for block in Blocks(output.count) { output[block] += values[block] }
  }
}

/// Sets every float to zero.
public func clear(_ vector: Vector) {
  vector.base.update(repeating: 0, count: vector.count)
}
