import COpenBLAS
import Glibc

/// OpenBLAS, opened when its first product is asked for and not when the program starts.
///
/// It picks its kernels for the CPU while it is being opened, or takes those that the environment variable
/// OPENBLAS_CORETYPE names. So whoever wants certain kernels must set the variable before, and a process has one kind
/// for as long as it lives.
public struct BLASLibrary: Sendable {
  /// Who says which kernels the library takes.
  public enum Choice: Sendable, Equatable {
    /// The library, whatever the environment says.
    case library
    /// This name, if the library has kernels of that name; otherwise it picks its own.
    case named(String)
    /// OPENBLAS_CORETYPE, or the library where it is not set.
    case environment
  }

  /// What the library calls the kernels that it took. Another kind sums in another order.
  public let kernel: String
  fileprivate let sgemm: openblas_sgemm_function
  fileprivate let setThreadCount: openblas_set_num_threads_function

  /// Opens the library for this process. To be called before the first product, which otherwise lets the library pick.
  ///
  /// - Precondition: it is not open yet, or was opened with the same choice.
  public static func open(_ choice: Choice) throws(BLASLibraryError) -> BLASLibrary {
    let first = chosen.withLock { chosen in
      if chosen == nil { chosen = choice }
      return chosen
    }
    precondition(first == choice, "OpenBLAS was opened with another choice of kernels")
    return try opened.get()
  }

  /// The variable that the library reads.
  public static let variable = "OPENBLAS_CORETYPE"

  private static let chosen = Monitor<Choice?>(nil)

  private static let opened = Result { () throws(BLASLibraryError) in
    let choice = chosen.withLock { chosen in
      if chosen == nil { chosen = .library }
      return chosen!
    }
    switch choice {
    case .library: unsetenv(variable)
    case .named(let name): setenv(variable, name, 1)
    case .environment: break
    }
    return try BLASLibrary()
  }

  private init() throws(BLASLibraryError) {
    let name = "libopenblas.so.0"
    guard let library = dlopen(name, RTLD_NOW | RTLD_LOCAL) else {
      throw BLASLibraryError(reason: String(cString: dlerror()))
    }
    func function<Function>(_ symbol: String, _: Function.Type) throws(BLASLibraryError) -> Function {
      guard let address = dlsym(library, symbol) else {
        throw BLASLibraryError(reason: "\(name) has no function \(symbol)")
      }
      return unsafeBitCast(address, to: Function.self)
    }
    sgemm = try function("cblas_sgemm", openblas_sgemm_function.self)
    setThreadCount = try function("openblas_set_num_threads", openblas_set_num_threads_function.self)
    let coreName = try function("openblas_get_corename", openblas_get_corename_function.self)
    kernel = coreName().map { String(cString: $0) } ?? "unknown"
  }

  /// The open library, for kernels that cannot throw.
  fileprivate static let required: BLASLibrary = {
    switch opened {
    case .success(let library): return library
    case .failure(let error): fatalError("\(error)")
    }
  }()
}

public struct BLASLibraryError: Error, CustomStringConvertible {
  let reason: String
  public var description: String { "cannot open OpenBLAS: \(reason); install the package libopenblas0." }
}

/// Holds OpenBLAS to one thread for this process.
///
/// The parallelism is over virtual workers. A product then cannot depend on a thread count, and calls from
/// several workers run side by side.
public func useOneThreadForBLAS() {
  BLASLibrary.required.setThreadCount(1)
}

/// The name of the kernels that OpenBLAS took.
public var blasKernel: String { BLASLibrary.required.kernel }

/// `cblas_sgemm` of the open library.
let sgemm = BLASLibrary.required.sgemm
