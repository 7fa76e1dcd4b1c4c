import Compute
import Foundation

/// What OpenBLAS's kernels would gain over our own on this CPU. It is said and not done: what a stopwatch finds must not
/// reach a bit.
public struct BLASKernelAdvice: CustomStringConvertible {
  /// OpenBLAS must be faster by this factor for it to be said.
  static let worthSaying = 1.05

  /// A measurement takes a second or two on one core, as long as 2e11 operations or less: it is made where a thread has a
  /// thousand times as many before it, half an hour and more. A short run starts at once.
  static let leastOperations = 2e14

  /// OpenBLAS's fastest kernels, by the name that `parallel.blas_kernel` takes.
  let setting: String
  /// Their speed over that of our own.
  let gain: Double

  /// Measures, where it is worth it.
  ///
  /// - Parameters:
  ///   - products: of one virtual worker's step.
  ///   - images: of a virtual worker.
  ///   - imagesOfAThread: that a thread of this process has before it.
  /// - Returns: nil where nothing was measured or OpenBLAS gains nothing worth saying.
  init?(_ products: [MatrixProduct], images: Int, imagesOfAThread: Int) {
    let operations = products.reduce(0) { $0 + $1.operations } / Double(images)
    guard operations * Double(imagesOfAThread) >= Self.leastOperations else { return nil }
    let candidates = BLASKernelName.runnable.filter { $0 == .own || $0 >= .haswell }
    self.init(BLASKernelMeasurement(candidates: candidates, products: products))
  }

  /// What a measurement says about our own kernels.
  public init?(_ measurement: BLASKernelMeasurement) {
    let own = BLASKernelName.own.rawValue
    guard let ours = measurement.rates.first(where: { $0.kernel == own }),
      let fastest = measurement.rates.filter({ $0.kernel != own }).max(by: { $0.gflops < $1.gflops }),
      fastest.gflops > Self.worthSaying * ours.gflops
    else { return nil }
    gain = fastest.gflops / ours.gflops
    // What has no name here can be had as OpenBLAS's own pick only.
    setting = BLASKernelName(rawValue: fastest.kernel)?.rawValue ?? "environment"
  }

  public var description: String {
    String(format: "OpenBLAS would make them %.2f times as fast here with ", gain)
      + "parallel.blas_kernel=\(setting), and bits would then belong to this kind of CPU"
  }
}
