import Compute
import MaskedAutoencoder

#if canImport(Glibc)
  import Glibc
#endif

/// How fast OpenBLAS's kernels make the products of a model on this CPU, and which are to be taken.
public struct BLASKernelMeasurement: Sendable {
  public struct Rate: Sendable {
    let kernel: String
    /// In 10⁹ operations a second, of one thread.
    let gflops: Double

    public init(kernel: String, gflops: Double) {
      self.kernel = kernel
      self.gflops = gflops
    }
  }

  /// Of the library's own pick first.
  let rates: [Rate]
  /// What the library takes when it is not told.
  var ownPick: String? { rates.first?.kernel }

  /// Another kernel must be faster than the library's own pick by this factor: runs that begin anew on one machine shall
  /// not differ because two kernels are close. Where a pick is wrong the factor is 2 (Haswell's kernels with AVX-512);
  /// where it is right, small products still differ by up to 1.3 (Zen's and Haswell's on a CPU with AVX2).
  static let clearlyFaster = 1.5

  private static let rounds = 15

  /// Times all kernels in rounds and compares each with the own pick of the same round: whatever else the machine does
  /// meets both, or few of the rounds, and the median is of the others.
  ///
  /// - Parameter candidates: beside the library's own pick.
  init(candidates: [BLASKernelName], products: [MatrixProduct]) {
    let products = representatives(of: products)
    let operations = products.reduce(0) { $0 + $1.operations }
    // A process that its CPU ended reads no more, and must not end this one.
    let previous = signal(SIGPIPE, SIG_IGN)
    defer { signal(SIGPIPE, previous) }
    guard let own = BLASKernelTrial(nil, products: products) else {
      rates = []
      return
    }
    // A library without kernels of a name takes its own pick instead, and says so.
    let others = candidates.filter { $0.rawValue != own.kernel }
      .compactMap { name in BLASKernelTrial(name, products: products).flatMap { $0.kernel == name.rawValue ? $0 : nil }
      }
    let trials = [own] + others
    let seconds = (0..<Self.rounds).map { _ in trials.map { $0.measure() } }
    let ownGflops = median(of: seconds.map { operations / $0[0] / 1e9 })
    rates = trials.indices.map { index in
      Rate(kernel: trials[index].kernel, gflops: ownGflops * median(of: seconds.map { $0[0] / $0[index] }))
    }
  }

  /// - Parameter rates: the library's own pick first.
  public init(rates: [Rate]) {
    self.rates = rates
  }

  /// The kernels to take: the library's own pick, unless another is clearly faster or some rank's CPU cannot run it.
  ///
  /// - Parameter runnable: what all ranks' CPUs can run.
  public func choice(runnable: [BLASKernelName]) -> String? {
    let others = rates.dropFirst().filter { rate in runnable.contains { $0.rawValue == rate.kernel } }
    let fastest = others.max { $0.gflops < $1.gflops }
    guard let own = rates.first else { return nil }
    let ownRuns = BLASKernelName(rawValue: own.kernel).map(runnable.contains) ?? true
    guard let fastest, !ownRuns || fastest.gflops > Self.clearlyFaster * own.gflops else { return own.kernel }
    return fastest.kernel
  }
}

private func median(of values: [Double]) -> Double { values.sorted()[values.count / 2] }

/// The four products that most of a model's operations go to, each made smaller or more often until it has about as many
/// operations as a millisecond or a few take.
func representatives(of products: [MatrixProduct]) -> [MatrixProduct] {
  let operations = 0.25e9
  var totals: [MatrixProduct: Double] = [:]
  for product in products { totals[product.once, default: 0] += product.operations }
  let largest = totals.sorted { ($0.value, $0.key.rows) > ($1.value, $1.key.rows) }.prefix(4).map(\.key)
  return largest.map { product in
    let scale = operations / product.operations
    return scale < 1 ? product.withImages(scaledBy: scale) : product.repeated(Int(scale.rounded(.up)))
  }
}

extension MatrixProduct {
  fileprivate var once: MatrixProduct { repeated(1) }

  fileprivate func repeated(_ count: Int) -> MatrixProduct {
    var product = self
    product.count = count
    return product
  }

  /// The same layer over fewer rows of tokens, but not so few that the product has another character.
  fileprivate func withImages(scaledBy scale: Double) -> MatrixProduct {
    func scaled(_ size: Int) -> Int { min(size, max(64, Int(Double(size) * scale))) }
    var product = self
    switch form {
    case .plain, .secondTransposed: product.rows = scaled(rows)
    case .firstTransposed: product.inner = scaled(inner)
    }
    return product
  }
}
