import Collectives
import Compute

/// What `mae bench allreduce` measures: the sum of a vector over all ranks.
public struct AllreduceBenchmark: Encodable {
  public struct Size: Encodable {
    public let megabytes: Double
    /// Median.
    public let seconds: Double
    /// Bytes of the vector a second.
    public let gigabytesPerSecond: Double
  }

  public let ranks: Int
  public let sizes: [Size]

  public init(communicator: any Communicator, repetitions: Int = 7) throws {
    ranks = communicator.size
    sizes = try [1 << 10, 1 << 16, 1 << 20, 25 << 18, 25 << 20].map { count in
      let buffer = AlignedBuffer<Float>(repeating: 0, count: count)
      defer { extendLifetime(buffer) }
      let vector = buffer.all
      var times: [Double] = []
      for repetition in 0...repetitions {
        try communicator.barrier()
        let start = ContinuousClock.now
        try communicator.allreduceSum(vector, wire: .fp32)
        if repetition > 0 { times.append((ContinuousClock.now - start) / .seconds(1)) }
      }
      let seconds = median(times)
      let bytes = Double(count * MemoryLayout<Float>.stride)
      return Size(megabytes: bytes / 1e6, seconds: seconds, gigabytesPerSecond: bytes / seconds / 1e9)
    }
  }
}
