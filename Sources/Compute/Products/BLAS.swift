import COpenBLAS
import CProcessor
import Glibc

/// Who makes this process's products in single precision: this module itself (`PanelProduct`), or OpenBLAS.
///
/// OpenBLAS is opened when its first product is asked for and not when the program starts. It picks its kernels for the CPU
/// while it is being opened, or takes those that the environment variable OPENBLAS_CORETYPE names. So whoever wants certain
/// kernels must set the variable before, and a process has one kind for as long as it lives.
public struct BLAS: Sendable {
  public enum Choice: Sendable, Equatable {
    /// The kernels of this name. Where OpenBLAS has none of that name, it takes others.
    case named(BLASKernelName)
    /// OpenBLAS with its own pick of kernels, whatever the environment says.
    case library
    /// OpenBLAS with the kernels that OPENBLAS_CORETYPE names, or with its own pick where that is not set.
    case environment

    /// What a process takes that does not choose.
    static var standard: Choice { ownIsFast ? .named(.own) : .library }
  }

  /// Whether our own kernels are worth asking: built for a CPU without fused multiply-adds they call a function for each.
  public static let ownIsFast = PROCESSOR_BUILT_FOR & PROCESSOR_FMA != 0

  /// The name of the kernels: `BLASKernelName.own`, or what OpenBLAS calls those that it took. Another kind sums in another
  /// order.
  public let kernel: String
  fileprivate let sgemm: openblas_sgemm_function?

  /// Makes the choice for this process. To be called before the first product, which otherwise takes the standard.
  ///
  /// - Precondition: none has been made yet, or the same.
  public static func open(_ choice: Choice) throws(LibraryError) -> BLAS {
    let first = chosen.withLock { chosen in
      if chosen == nil { chosen = choice }
      return chosen
    }
    precondition(first == choice, "this process has made products with other kernels")
    return try opened.get()
  }

  /// Opens what was chosen, or the standard.
  static func openChosen() throws(LibraryError) { _ = try opened.get() }

  /// The variable that the library reads.
  public static let variable = "OPENBLAS_CORETYPE"

  private static let chosen = Monitor<Choice?>(nil)

  private static let opened = Result { () throws(LibraryError) in
    let choice = chosen.withLock { chosen in
      if chosen == nil { chosen = .standard }
      return chosen!
    }
    switch choice {
    case .named(.own): return BLAS(kernel: BLASKernelName.own.rawValue, sgemm: nil)
    case .named(let name): setenv(variable, name.rawValue, 1)
    case .library: unsetenv(variable)
    case .environment: break
    }
    return try openBLAS()
  }

  private static func openBLAS() throws(LibraryError) -> BLAS {
    // It starts its threads when it is opened, and there is no way to be told that it could not.
    setenv("OPENBLAS_NUM_THREADS", "1", 1)
    let library = try OpenedLibrary("libopenblas.so.0", package: "libopenblas0")
    // The parallelism is over virtual workers: a product then cannot depend on a thread count, and calls from several
    // workers run side by side.
    try library.function("openblas_set_num_threads", openblas_set_num_threads_function.self)(1)
    let coreName = try library.function("openblas_get_corename", openblas_get_corename_function.self)
    return BLAS(
      kernel: coreName().map { String(cString: $0) } ?? "unknown",
      sgemm: try library.function("cblas_sgemm", openblas_sgemm_function.self))
  }

  /// What was chosen, for kernels that cannot throw.
  fileprivate static let required: BLAS = {
    switch opened {
    case .success(let blas): return blas
    case .failure(let error): fatalError("\(error)")
    }
  }()
}

/// `cblas_sgemm` of OpenBLAS, where that makes the products.
let sgemm = BLAS.required.sgemm
