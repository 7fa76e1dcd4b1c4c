import COneDNN
import Glibc

/// oneDNN's product of bfloat16 matrices, one for this process. The library is opened when the first such product is asked
/// for.
package struct OneDNN: Sendable {
  private let gemm: onednn_gemm_function
  private let setThreads: openmp_set_num_threads_function
  /// Whether the library has a product for this CPU. It needs AVX-512; without it the operands are widened as they are
  /// packed.
  package let multiplies: Bool
  /// The name of the kernels that make the products on this CPU: another kind sums in another order.
  package let kernel: String

  /// What the names of its kernels begin with.
  package static let prefix = "oneDNN "

  static let opened = Result { () throws(LibraryError) in try OneDNN(library: "libdnnl.so.2") }

  /// What was opened, for products that cannot throw.
  static let required: OneDNN = {
    switch opened {
    case .success(let library): return library
    case .failure(let error): fatalError("\(error)")
    }
  }()

  package init(library name: String) throws(LibraryError) {
    let library = try OpenedLibrary(name, package: "libdnnl2")
    gemm = try library.function("dnnl_gemm_bf16bf16f32", onednn_gemm_function.self)
    setThreads = try library.function("omp_set_num_threads", openmp_set_num_threads_function.self)
    let instructionSet = try library.function("dnnl_get_effective_cpu_isa", onednn_get_effective_cpu_isa_function.self)
    let numbers = AlignedBuffer(repeating: BFloat16(0), count: 2)
    defer { extendLifetime(numbers) }
    let sum = AlignedBuffer<Float>(repeating: 0, count: 1)
    defer { extendLifetime(sum) }
    let status = OneDNN.multiply(
      gemm, setThreads, .plain(numbers.all[0..<1].reshaped(rows: 1, columns: 1)),
      .plain(numbers.all[1..<2].reshaped(rows: 1, columns: 1)), into: sum.all.reshaped(rows: 1, columns: 1),
      adding: false)
    multiplies = status != dnnl_unimplemented
    kernel = multiplies ? OneDNN.prefix + OneDNN.name(of: instructionSet()) : BLASKernelName.own.rawValue
  }

  /// C = A·B, or C += A·B when `adding`.
  func multiply(_ a: Operand<BFloat16>, _ b: Operand<BFloat16>, into c: Matrix, adding: Bool) {
    let status = OneDNN.multiply(gemm, setThreads, a, b, into: c, adding: adding)
    precondition(status == dnnl_success, "oneDNN refuses a product that fits")
  }

  private static func multiply(
    _ gemm: onednn_gemm_function, _ setThreads: openmp_set_num_threads_function, _ a: Operand<BFloat16>,
    _ b: Operand<BFloat16>, into c: Matrix, adding: Bool
  ) -> dnnl_status_t {
    // The setting is the calling thread's own.
    setThreads(1)
    return gemm(
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

  private static func name(of instructionSet: dnnl_cpu_isa_t) -> String {
    switch instructionSet {
    case dnnl_cpu_isa_avx512_core: "avx512_core"
    case dnnl_cpu_isa_avx512_core_vnni: "avx512_core_vnni"
    case dnnl_cpu_isa_avx512_core_bf16: "avx512_core_bf16"
    case dnnl_cpu_isa_avx512_core_amx: "avx512_core_amx"
    case let other: "isa_\(other.rawValue)"
    }
  }
}
