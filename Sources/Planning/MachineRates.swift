import Benchmarks
import Compute
import Training

/// What one rank's cores and memory do in a second.
public struct MachineRates: Sendable, Encodable {
  /// Matrix products of the model's shapes, on all threads of a rank, in 10⁹ operations.
  public var gemmGflops: Double
  /// Bytes read and written by all threads of a rank, in 10⁹.
  public var memoryGigabytes: Double

  public init(gemmGflops: Double, memoryGigabytes: Double) {
    self.gemmGflops = gemmGflops
    self.memoryGigabytes = memoryGigabytes
  }

  /// Measures this machine, on as many of its cores as a rank has threads; for threads that it has no cores for, the
  /// rates are scaled up.
  ///
  /// - Precondition: The kernels that the run would take are chosen for this process.
  public init(measuring configuration: RunConfiguration, threads: Int) {
    let measured = min(threads, availableCores().count)
    let scale = Double(threads) / Double(measured)
    let gemm = GEMMBenchmark(
      model: configuration.model, images: configuration.imagesPerVirtualWorker, threads: measured,
      precision: configuration.train.precision)
    gemmGflops = gemm.gflops * scale
    memoryGigabytes = MachineRates.measureMemory(threads: measured) * scale
  }

  /// Adds one vector to another, each far larger than a cache.
  private static func measureMemory(threads: Int) -> Double {
    let count = 32 << 20
    let target = AlignedBuffer<Float>(count: count, zero: 1)
    let source = AlignedBuffer<Float>(count: count, zero: 1)
    let (output, input) = (target.all, source.all)
    let pool = WorkerPool(count: threads)
    var best = Double.infinity
    for _ in 0..<4 {
      let start = ContinuousClock.now
      pool.run { worker in
        let part = slice(of: count, for: worker, among: threads)
        addToRows(
          output: output[part].reshaped(rows: 1, columns: part.count),
          input: output[part].reshaped(rows: 1, columns: part.count), vector: input[part])
      }
      best = min(best, (ContinuousClock.now - start) / .seconds(1))
    }
    withExtendedLifetime(target) {}
    withExtendedLifetime(source) {}
    return Double(3 * count * MemoryLayout<Float>.stride) / best / 1e9
  }
}
