#if canImport(Glibc)
  import Glibc
#endif

/// Copies `input`, [rows, columns], into `output` of the same shape.
public func copyRows<Element>(output: MatrixView<Element>, input: MatrixView<Element>) {
  precondition(output.rows == input.rows && output.columns == input.columns)
  let byteCount = input.columns * MemoryLayout<Element>.stride
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

/// output = input + scale · vector on each row; without a scale that is 1.
public func addToRows(output: Matrix, input: Matrix, vector: Vector, scale: Float?) {
  guard let scale else { return addToRows(output: output, input: input, vector: vector) }
  precondition(output.rows == input.rows && output.columns == input.columns && vector.count == input.columns)
  for row in 0..<input.rows {
    let (x, y) = (input.row(row), output.row(row))
    for block in Blocks(vector.count) {
      y[block] = x[block].addingProduct(vector[block], Lanes(repeating: scale))
    }
  }
}

/// Multiplies every value by `scale`.
@specialized(where Element == Float)
@specialized(where Element == BFloat16)
public func scaleRows<Element: StoredElement>(of matrix: MatrixView<Element>, by scale: Float) {
  for row in 0..<matrix.rows {
    let values = matrix.row(row)
    for block in Blocks(values.count) { values[block] = values[block] * scale }
  }
}

/// output += scale · the sum of the rows of `input`, [rows, columns], from the first row to the last.
@specialized(where Element == Float)
@specialized(where Element == BFloat16)
public func addRows<Element: StoredElement>(to output: Vector, _ input: MatrixView<Element>, scale: Float) {
  precondition(output.count == input.columns)
  for row in 0..<input.rows {
    let values = input.row(row)
    for block in Blocks(output.count) {
      output[block] = output[block].addingProduct(values[block], Lanes(repeating: scale))
    }
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
@specialized(where Element == Float)
@specialized(where Element == BFloat16)
public func add<Element: StoredElement>(output: VectorView<Element>, _ a: Vector, _ b: Vector) {
  precondition(output.count == a.count && b.count == a.count)
  for block in Blocks(a.count) { output[block] = a[block] + b[block] }
}

/// The sum of the rows of `input`, [rows, columns], into `output`, [columns], from the first row to the last;
/// overwritten.
@specialized(where Element == Float)
@specialized(where Element == BFloat16)
public func sumRows<Element: StoredElement>(output: Vector, input: MatrixView<Element>) {
  precondition(output.count == input.columns)
  clear(output)
  // Four rows at a time, one after another: the sums are read and written once for the four.
  let quads = input.rows / 4 * 4
  for row in stride(from: 0, to: quads, by: 4) {
    let (a, b, c, d) = (input.row(row), input.row(row + 1), input.row(row + 2), input.row(row + 3))
    for block in Blocks(output.count) {
      output[block] = output[block] + a[block] + b[block] + c[block] + d[block]
    }
  }
  for row in quads..<input.rows {
    let values = input.row(row)
    for block in Blocks(output.count) { output[block] += values[block] }
  }
}

/// Rounds `input` to `output`, of the same count.
public func convert(output: VectorView<BFloat16>, input: Vector) {
  precondition(output.count == input.count)
  for block in Blocks(input.count) { output[block] = input[block] }
}

/// Widens bfloat16 to floats, which loses nothing.
public func convert(output: Vector, input: VectorView<BFloat16>) {
  precondition(output.count == input.count)
  for block in Blocks(input.count) { output[block] = input[block] }
}

/// Sets every float to zero.
public func clear(_ vector: Vector) {
  vector.base.update(repeating: 0, count: vector.count)
}
