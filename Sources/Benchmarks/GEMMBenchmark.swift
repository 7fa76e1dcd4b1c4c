import Compute
import MaskedAutoencoder
import Reporting
import Training
import VisionTransformer

/// How fast this machine makes the matrix products of a training step when it does nothing else: the limit of any
/// implementation with the same kernels.
public struct GEMMBenchmark {
  public let operations: Double
  public let seconds: Double

  /// In 10⁹ operations a second, over all threads.
  public var gflops: Double { operations / seconds / 1e9 }

  /// Runs the products of `images` images of a masked autoencoder on each of `threads` threads at once.
  public init(model: ModelConfiguration, images: Int, threads: Int, precision: Precision = .fp32) throws {
    try self.init(model.matrixProducts(images: images), threads: threads, precision: precision)
  }

  /// Runs some products on each of `threads` threads at once, and keeps the median of `repetitions`.
  public init(_ products: [MatrixProduct], threads: Int, precision: Precision, repetitions: Int = 3) throws {
    switch precision {
    case .fp32: try self.init(products, threads, repetitions, of: Float.self)
    case .bf16: try self.init(products, threads, repetitions, of: BFloat16.self)
    }
  }

  private init<Element: StoredElement>(
    _ products: [MatrixProduct], _ threads: Int, _ repetitions: Int, of: Element.Type
  ) throws {
    let largest = products.map(\.largest).max() ?? 0
    let bytes =
      Double(threads) * Double(largest) * Double(2 * MemoryLayout<Element>.stride + MemoryLayout<Float>.stride)
    if let machine = MachineMemory.current() {
      let most = min(machine.hostBytes, machine.processBytes ?? .max)
      guard bytes <= 0.9 * Double(most) else {
        throw TooLargeToMeasure(bytes: bytes, threads: threads, hostBytes: most)
      }
    }
    let operands = AlignedBuffer<Element>(repeating: Element(0.5), count: threads * 2 * largest)
    defer { extendLifetime(operands) }
    let results = AlignedBuffer<Float>(repeating: 0, count: threads * largest)
    defer { extendLifetime(results) }
    let (inputs, outputs) = (operands.all, results.all)
    let pool = try WorkerPool(count: threads)
    var times: [Double] = []
    for repetition in 0...repetitions {
      let start = ContinuousClock.now
      pool.run { worker in
        let (first, second) = (2 * worker * largest, (2 * worker + 1) * largest)
        for product in products {
          for _ in 0..<product.count {
            product.run(
              inputs[first..<first + largest], inputs[second..<second + largest],
              into: outputs[worker * largest..<(worker + 1) * largest])
          }
        }
      }
      // The first run brings the memory in.
      if repetition > 0 { times.append((ContinuousClock.now - start) / .seconds(1)) }
    }
    seconds = median(times)
    operations = Double(threads) * products.reduce(0) { $0 + $1.operations }
  }
}

extension MatrixProduct {
  /// The most elements that one of its matrices has.
  fileprivate var largest: Int { max(rows * inner, inner * columns, rows * columns) }
}

/// A product that this machine has no memory for.
public struct TooLargeToMeasure: UsageError {
  let bytes: Double
  let threads: Int
  let hostBytes: Int

  public let isUsage = true
  public var description: String {
    "the largest matrix product of \(ProgressFormat.count(threads, "thread")) takes \(ProgressFormat.bytes(Int(bytes))), and this host has "
      + "\(ProgressFormat.bytes(hostBytes)); take more parallel.virtual_workers, a smaller train.batch_size, or fewer threads"
  }
}

/// The middle value; the mean of the two middle ones where their number is even.
func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
}
