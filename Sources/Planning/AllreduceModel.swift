/// The network between hosts.
public struct Network: Sendable {
  /// Of a host's link in each direction, in bits a second.
  public let bitsPerSecond: Double
  /// α: from one host's program to another's, in seconds.
  public let latencySeconds: Double

  public init(bitsPerSecond: Double, latencySeconds: Double) {
    self.bitsPerSecond = bitsPerSecond
    self.latencySeconds = latencySeconds
  }

  /// Of a frame on an Ethernet with its gap (1538 bytes) TCP carries 1448 bytes that are the program's.
  static let payloadShare = 1448.0 / 1538

  /// Seconds that the link takes for a byte of the program's.
  var secondsPerByte: Double { 8 / (bitsPerSecond * Network.payloadShare) }
}

/// How long the sum over all ranks takes: recursive halving, then doubling (Rabenseifner 2004), with ranks numbered host
/// after host. In each of log₂(p) steps a rank gives away half of what it holds: T = 2 Σ (α + n/2ˢ·β) + Σ n/2ˢ·γ. The
/// ranks of a host share its link. Steps within a host go through memory.
public struct AllreduceModel: Sendable {
  let ranks: Int
  let ranksPerNode: Int
  let network: Network
  /// Of a rank, in bytes a second.
  let memoryBandwidth: Double

  public init(nodes: Int, ranksPerNode: Int, network: Network, memoryBandwidth: Double) {
    ranks = nodes * ranksPerNode
    self.ranksPerNode = ranksPerNode
    self.network = network
    self.memoryBandwidth = memoryBandwidth
  }

  /// - Parameter bytes: of the vector, as it crosses.
  public func seconds(bytes: Int) -> Double { reduceScatterSeconds(bytes: bytes) + gatherSeconds(bytes: bytes) }

  /// The halving alone, and the sums.
  func reduceScatterSeconds(bytes: Int) -> Double {
    exchanges(of: Double(bytes)).reduce(0) { $0 + transfer($1.bytes, distance: $1.distance) + sum($1.bytes) }
  }

  /// The doubling, which takes the same way back.
  func gatherSeconds(bytes: Int) -> Double {
    exchanges(of: Double(bytes)).reduce(0) { $0 + transfer($1.bytes, distance: $1.distance) }
  }

  /// What a rank gives to ranks at which distance, one after another.
  private func exchanges(of bytes: Double) -> [(bytes: Double, distance: Int)] {
    let core = 1 << (Int.bitWidth - 1 - ranks.leadingZeroBitCount)
    // Ranks beyond the largest power of two hand over a whole vector first, and get one in the end.
    var exchanges = core < ranks ? [(bytes: bytes, distance: core)] : []
    var (given, distance) = (bytes, 1)
    while distance < core {
      given /= 2
      exchanges.append((given, distance))
      distance *= 2
    }
    return exchanges
  }

  /// A small message to all ranks.
  var controlSeconds: Double {
    var (total, distance) = (0.0, 1)
    while distance < ranks {
      if distance >= ranksPerNode { total += network.latencySeconds }
      distance *= 2
    }
    return total
  }

  private func transfer(_ bytes: Double, distance: Int) -> Double {
    distance < ranksPerNode
      // One copy into the memory that two ranks share, one out of it: each reads and writes.
      ? 4 * bytes / memoryBandwidth
      : network.latencySeconds + bytes * Double(min(ranksPerNode, ranks)) * network.secondsPerByte
  }

  /// Two are read and one is written.
  private func sum(_ bytes: Double) -> Double { 3 * bytes / memoryBandwidth }
}
