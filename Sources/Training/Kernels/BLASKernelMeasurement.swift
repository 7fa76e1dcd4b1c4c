import Compute

#if canImport(Glibc)
  import Glibc
#endif

/// How fast our own kernels and OpenBLAS's make the products of a model on this CPU, and which are to be taken.
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

  /// Of OpenBLAS's own pick first.
  let rates: [Rate]
  /// What OpenBLAS takes when it is not told.
  var pick: String? { rates.first?.kernel }

  /// OpenBLAS must be faster than our own kernels by this factor to be taken. Ours have the same bits on every CPU, and do
  /// what follows a product while it is in the cache, which is not in these rates.
  static let worthOtherBits = 1.1

  /// Another of OpenBLAS's kernels must be faster than its own pick by this factor: runs that begin anew on one machine shall
  /// not differ because two kernels are close. Where a pick is wrong the factor is 2 (Haswell's kernels with AVX-512);
  /// where it is right, small products still differ by up to 1.3 (Zen's and Haswell's on a CPU with AVX2).
  static let clearlyFaster = 1.5

  private static let rounds = 15

  /// Times all kernels in rounds and compares each with OpenBLAS's pick of the same round: whatever else the machine does
  /// meets both, or few of the rounds, and the median is of the others.
  ///
  /// - Parameter candidates: beside OpenBLAS's own pick.
  init(candidates: [BLASKernelName], products: [MatrixProduct]) {
    let products = representatives(of: products)
    let operations = products.reduce(0) { $0 + $1.operations }
    // A process that its CPU ended reads no more, and must not end this one.
    let previous = signal(SIGPIPE, SIG_IGN)
    defer { signal(SIGPIPE, previous) }
    guard let pick = BLASKernelTrial(nil, products: products), pick.measure().isFinite else {
      rates = []
      return
    }
    // A library without kernels of a name takes others, and says which.
    let others = candidates.filter { $0.rawValue != pick.kernel }
      .compactMap { name in BLASKernelTrial(name, products: products).flatMap { $0.kernel == name.rawValue ? $0 : nil }
      }
    let trials = [pick] + others
    let seconds = (0..<Self.rounds).map { _ in trials.map { $0.measure() } }
    let pickGflops = median(of: seconds.map { operations / $0[0] / 1e9 })
    rates = trials.indices.map { index in
      Rate(kernel: trials[index].kernel, gflops: pickGflops * median(of: seconds.map { $0[0] / $0[index] }))
    }.filter(\.gflops.isFinite)
  }

  /// - Parameter rates: OpenBLAS's own pick first.
  public init(rates: [Rate]) {
    self.rates = rates
  }

  /// The kernels to take: our own, unless OpenBLAS's are faster by more than ours are worth.
  ///
  /// - Parameter runnable: what all ranks' CPUs can run.
  /// - Returns: nil where nothing was measured that all can run.
  public func choice(runnable: [BLASKernelName]) -> String? {
    let own = rates.first { $0.kernel == BLASKernelName.own.rawValue }
    let bound = own.map { Self.worthOtherBits * $0.gflops } ?? 0
    let openBLAS = rates.filter { rate in
      if rate.kernel == BLASKernelName.own.rawValue { return false }
      // What has no name here is the pick of every rank's library.
      return BLASKernelName(rawValue: rate.kernel).map(runnable.contains) ?? (rate.kernel == pick)
    }
    guard let fastest = openBLAS.max(by: { $0.gflops < $1.gflops }), fastest.gflops > bound else { return own?.kernel }
    if let first = openBLAS.first, first.kernel == pick, first.gflops > bound,
      fastest.gflops <= Self.clearlyFaster * first.gflops
    {
      return first.kernel
    }
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
