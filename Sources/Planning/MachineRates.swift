import Benchmarks
import Compute
import Pretraining
import Training

/// What one rank's cores and memory do in a second.
public struct MachineRates: Sendable, Encodable {
  /// Matrix products of the model's shapes, on all threads of a rank, in 10⁹ operations.
  public var gemmGflops: Double
  /// Bytes read and written by all threads of a rank, in 10⁹.
  public var memoryGigabytes: Double
  /// Elements that all threads of a rank take through GELU, softmax or a layer norm, forward and backward, in 10⁹.
  public var functionGigaelements: Double

  public init(gemmGflops: Double, memoryGigabytes: Double, functionGigaelements: Double) {
    self.gemmGflops = gemmGflops
    self.memoryGigabytes = memoryGigabytes
    self.functionGigaelements = functionGigaelements
  }

  /// Takes what is known, and measures the rest on this machine: on as many of its cores as a rank has threads; for threads
  /// that it has no cores for, a rate is scaled up.
  ///
  /// - Precondition: The kernels that the run would take are chosen for this process.
  public init(
    of configuration: PretrainingConfiguration, threads: Int, gemmGflops: Double? = nil, memoryGigabytes: Double? = nil,
    functionGigaelements: Double? = nil
  ) throws {
    let measured = min(threads, availableCores().count)
    let scale = Double(threads) / Double(measured)
    let (model, precision) = (configuration.model, configuration.train.precision)
    func gemm() throws -> Double {
      // With more a product is no faster, and its matrices may be larger than this machine's memory.
      let images = min(configuration.imagesPerVirtualWorker, Self.mostMeasuredImages)
      return try GEMMBenchmark(model: model, images: images, threads: measured, precision: precision).gflops
    }
    func functions() throws -> Double {
      try FunctionBenchmark(model: model, threads: measured, precision: precision).gigaelements
    }
    self.init(
      gemmGflops: try gemmGflops ?? gemm() * scale,
      memoryGigabytes: try memoryGigabytes ?? MachineRates.measureMemory(threads: measured) * scale,
      functionGigaelements: try functionGigaelements ?? functions() * scale)
  }

  private static let mostMeasuredImages = 64

  /// Adds one vector to another, each far larger than a cache.
  private static func measureMemory(threads: Int) throws -> Double {
    let count = 32 << 20
    let target = AlignedBuffer<Float>(repeating: 1, count: count)
    defer { extendLifetime(target) }
    let source = AlignedBuffer<Float>(repeating: 1, count: count)
    defer { extendLifetime(source) }
    let (output, input) = (target.all, source.all)
    let pool = try WorkerPool(count: threads)
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
    return Double(3 * count * MemoryLayout<Float>.stride) / best / 1e9
  }
}
