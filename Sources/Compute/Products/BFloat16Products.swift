/// Products of bfloat16 matrices with sums in single precision, by oneDNN where it has one for this CPU.
extension BFloat16 {
  /// Opens the library that makes these products; to be called before the first of them.
  ///
  /// - Returns: the name of the kernels that make them on this CPU: another kind sums in another order.
  public static func openProducts() throws(LibraryError) -> String {
    try OneDNN.opened.get().kernel
  }

  public static func multiply(
    _ a: Operand<BFloat16>, _ b: Operand<BFloat16>, into c: Matrix, from start: ProductStart, finish: ProductPart
  ) {
    guard OneDNN.required.multiplies else { return PanelProduct.run(a, b, into: c, from: start, finish: finish) }
    start.write(to: c)
    OneDNN.required.multiply(a, b, into: c, adding: !start.isZero)
    finish(0..<c.rows, 0..<c.columns)
  }
}

// MARK: - Results that are rounded

extension BFloat16 {
  /// Floats of a product that stay in the third-level cache until they are rounded: 6 MiB.
  private static let cachedFloats = 3 << 19

  private static func chunk(rows: Int, columns: Int) -> Int {
    min(columns, max(64, cachedFloats / rows / 64 * 64))
  }

  /// Enough for products of fewer rows or columns, too: these are made more columns at a time.
  public static func productCount(rows: Int, columns: Int) -> Int {
    min(rows * columns, max(64 * rows, cachedFloats))
  }

  /// Makes the product a few columns at a time, and hands out their sums, [rows, columns].
  private static func multiply(
    _ a: Operand<BFloat16>, _ b: Operand<BFloat16>, product: Vector, finish: (_ columns: Range<Int>, Matrix) -> Void
  ) {
    let step = chunk(rows: a.rows, columns: b.columns)
    for start in stride(from: 0, to: b.columns, by: step) {
      let columns = start..<min(start + step, b.columns)
      let sums = product[0..<a.rows * columns.count].reshaped(rows: a.rows, columns: columns.count)
      Compute.multiply(a, b.columns(columns), into: sums)
      finish(columns, sums)
    }
  }

  public static func multiply(
    _ a: Operand<BFloat16>, _ b: Operand<BFloat16>, bias: Vector?, into c: MatrixView<BFloat16>, product: Vector
  ) {
    precondition(c.rows == a.rows && c.columns == b.columns, "shapes do not fit")
    multiply(a, b, product: product) { columns, sums in
      let part = c.columns(columns)
      for row in 0..<sums.rows {
        if let bias {
          add(output: part.row(row), sums.row(row), bias[columns])
        } else {
          convert(output: part.row(row), input: sums.row(row))
        }
      }
    }
  }

  public static func multiplyAndActivate(
    _ a: Operand<BFloat16>, _ b: Operand<BFloat16>, bias: Vector, kept: MatrixView<BFloat16>,
    output: MatrixView<BFloat16>, product: Vector
  ) {
    multiply(a, b, product: product) { columns, sums in
      let (kept, output, bias) = (kept.columns(columns), output.columns(columns), bias[columns])
      for row in 0..<sums.rows {
        biasAndGELU(kept: kept.row(row), output: output.row(row), sums: sums.row(row), bias: bias)
      }
    }
  }

  public static func multiplyThroughActivation(
    _ a: Operand<BFloat16>, _ b: Operand<BFloat16>, kept: MatrixView<BFloat16>, output: MatrixView<BFloat16>,
    gradient: MatrixView<BFloat16>, product: Vector
  ) {
    multiply(a, b, product: product) { columns, sums in
      let (kept, output, gradient) = (kept.columns(columns), output.columns(columns), gradient.columns(columns))
      for row in 0..<sums.rows {
        geluBackward(
          inputGradient: gradient.row(row), output: output.row(row), outputGradient: sums.row(row), input: kept.row(row)
        )
      }
    }
  }
}
