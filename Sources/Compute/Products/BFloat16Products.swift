import COneDNN

/// Products of bfloat16 matrices with sums in single precision, by oneDNN where it has one for this CPU.
extension BFloat16 {
  public static func multiply(
    _ a: Operand<BFloat16>, _ b: Operand<BFloat16>, into c: Matrix, from start: ProductStart, finish: ProductPart
  ) {
    guard oneDNNMultiplies else { return PanelProduct.run(a, b, into: c, from: start, finish: finish) }
    start.write(to: c)
    let status = oneDNNMultiply(a, b, into: c, adding: !start.isZero)
    precondition(status == dnnl_success, "oneDNN refuses a product that fits")
    finish(0..<c.rows, 0..<c.columns)
  }

  /// Whether oneDNN has a product for this CPU. It needs AVX-512; without it the operands are widened as they are packed.
  private static let oneDNNMultiplies: Bool = {
    let numbers = AlignedBuffer(repeating: BFloat16(0), count: 2)
    defer { extendLifetime(numbers) }
    let sum = AlignedBuffer<Float>(repeating: 0, count: 1)
    defer { extendLifetime(sum) }
    let one = numbers.all[0..<1].reshaped(rows: 1, columns: 1)
    let other = numbers.all[1..<2].reshaped(rows: 1, columns: 1)
    let status = oneDNNMultiply(
      .plain(one), .plain(other), into: sum.all.reshaped(rows: 1, columns: 1), adding: false)
    return status != dnnl_unimplemented
  }()

  /// The name of the kernels that make these products on this CPU: another kind sums in another order.
  public static let productKernel: String = {
    guard oneDNNMultiplies else { return BLASKernelName.own.rawValue }
    let instructions =
      switch dnnl_get_effective_cpu_isa() {
      case dnnl_cpu_isa_avx512_core: "avx512_core"
      case dnnl_cpu_isa_avx512_core_vnni: "avx512_core_vnni"
      case dnnl_cpu_isa_avx512_core_bf16: "avx512_core_bf16"
      case dnnl_cpu_isa_avx512_core_amx: "avx512_core_amx"
      case let other: "isa_\(other.rawValue)"
      }
    return oneDNN + instructions
  }()

  /// What the names of oneDNN's kernels begin with.
  static let oneDNN = "oneDNN "

  private static func oneDNNMultiply(
    _ a: Operand<BFloat16>, _ b: Operand<BFloat16>, into c: Matrix, adding: Bool
  ) -> dnnl_status_t {
    // The setting is the calling thread's own.
    omp_set_num_threads(1)
    return dnnl_gemm_bf16bf16f32(
      flag(a), flag(b), dnnl_dim_t(c.rows), dnnl_dim_t(c.columns), dnnl_dim_t(a.columns),
      1, bits(a.matrix), dnnl_dim_t(a.matrix.stride), bits(b.matrix), dnnl_dim_t(b.matrix.stride),
      adding ? 1 : 0, c.base, dnnl_dim_t(c.stride))
  }

  private static func flag(_ operand: Operand<BFloat16>) -> CChar {
    CChar(bitPattern: operand.isTransposed ? UInt8(ascii: "T") : UInt8(ascii: "N"))
  }

  private static func bits(_ matrix: MatrixView<BFloat16>) -> UnsafePointer<UInt16> {
    UnsafeRawPointer(matrix.base).assumingMemoryBound(to: UInt16.self)
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
