import Compute
import Reporting

/// How fast a host makes products.
struct ProductRate {
  let precision: Precision
  /// The name of what makes them.
  let kernel: String
  /// 10⁹ operations a second of one thread while no other of the host computes.
  let alone: Double
  /// Of all threads together.
  let together: Double
  let threads: Int

  /// Whether products are as fast on all threads together as one thread alone promises.
  var finding: Finding {
    let rates =
      "\(ProgressFormat.measure(together)) GFLOP/s in \(precision.rawValue) products by "
      + "\(BLASKernelName.description(of: kernel)) on \(ProgressFormat.count(threads, "thread")), "
      + "\(ProgressFormat.measure(alone)) on one alone"
    // Two hardware threads of a core share its units: together they make about what one makes.
    guard together < 0.6 * alone * Double(threads) else { return .ok("kernels", rates) }
    return .warning(
      "kernels", rates + ": the threads hold one another up",
      do: "see that nothing else computes on this host (top); where its cores count twice (hyper-threading), set "
        + "parallel.threads to half of them")
  }
}
