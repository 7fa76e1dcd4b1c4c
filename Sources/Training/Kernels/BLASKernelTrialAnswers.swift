import Compute
import Files
import Foundation

/// The other side of a `BLASKernelTrial`: what `mae blas-trial` does.
public enum BLASKernelTrialAnswers {
  public static let command = "blas-trial"

  /// Answers on standard output until standard input ends.
  ///
  /// - Parameters:
  ///   - products: `MatrixProduct`s as JSON.
  ///   - kernel: nil for OpenBLAS's own pick.
  public static func give(to products: String, kernel: BLASKernelName?) throws {
    let products = try JSONDecoder().decode([MatrixProduct].self, from: Data(products.utf8))
    let blas = try BLAS.open(kernel.map(BLAS.Choice.named) ?? .library)
    let largest = products.map { max($0.rows * $0.inner, $0.inner * $0.columns, $0.rows * $0.columns) }.max() ?? 0
    let memory = AlignedBuffer<Float>(repeating: 0.5, count: 3 * largest)
    defer { extendLifetime(memory) }
    let all = memory.all
    func run() {
      for product in products {
        for _ in 0..<product.count {
          product.run(all[0..<largest], all[largest..<2 * largest], into: all[2 * largest..<3 * largest])
        }
      }
    }
    // The first time brings the memory in, and ends the process here where the CPU lacks an instruction.
    run()
    say(blas.kernel)
    while readLine() != nil {
      let start = processorSeconds()
      run()
      say("\(processorSeconds() - start)")
    }
  }

  /// What this thread has had of a core: what else the machine does is not in it.
  private static func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  private static func say(_ line: String) {
    // Where nobody listens any more, there is nobody to tell so either.
    try? StandardStream.output.write("\(line)\n")
  }
}
