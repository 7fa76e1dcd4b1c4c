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

  /// - Parameter bytes: of the vector.
  public func seconds(bytes: Int) -> Double {
    guard ranks > 1 else { return 0 }
    let core = 1 << (Int.bitWidth - 1 - ranks.leadingZeroBitCount)
    var total = 0.0
    // Ranks beyond the largest power of two hand over a whole vector first, and get one in the end.
    if core < ranks { total += 2 * transfer(Double(bytes), distance: core) + sum(Double(bytes)) }
    var given = Double(bytes)
    var distance = 1
    while distance < core {
      given /= 2
      total += 2 * transfer(given, distance: distance) + sum(given)
      distance *= 2
    }
    return total
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
