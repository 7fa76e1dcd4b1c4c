import Planning
import Testing

struct AllreduceModelTests {
  /// 1 Gbit/s carries 1448 / 1538 of its bytes for the program: 117,685,305 bytes a second.
  private let gigabit = Network(bitsPerSecond: 1e9, latencySeconds: 50e-6)
  private let secondsPerByte = 8e-9 * 1538 / 1448

  private func seconds(nodes: Int, ranksPerNode: Int, bytes: Int, memory: Double = .infinity) -> Double {
    AllreduceModel(nodes: nodes, ranksPerNode: ranksPerNode, network: gigabit, memoryBandwidth: memory)
      .seconds(bytes: bytes)
  }

  private func expectEqual(_ found: Double, _ expected: Double) {
    #expect(abs(found - expected) <= 1e-12 * expected, "\(found), expected \(expected)")
  }

  @Test func aRankAloneHasNothingToSum() {
    #expect(seconds(nodes: 1, ranksPerNode: 1, bytes: 100_000_000) == 0)
  }

  @Test func twoHostsExchangeHalvesTwice() {
    expectEqual(seconds(nodes: 2, ranksPerNode: 1, bytes: 100_000_000), 2 * (50e-6 + 50e6 * secondsPerByte))
  }

  /// Halves, then quarters; and back.
  @Test func fourHosts() {
    expectEqual(
      seconds(nodes: 4, ranksPerNode: 1, bytes: 100_000_000), 2 * (2 * 50e-6 + 75e6 * secondsPerByte))
  }

  /// The first exchange stays within a host; two ranks then send a quarter each over one link.
  @Test func ranksOfAHostShareItsLink() {
    expectEqual(seconds(nodes: 2, ranksPerNode: 2, bytes: 100_000_000), 2 * (50e-6 + 2 * 25e6 * secondsPerByte))
  }

  /// Rank 2 sends all to rank 0 first and gets all in the end.
  @Test func aThirdRankGivesAndGetsEverything() {
    expectEqual(
      seconds(nodes: 3, ranksPerNode: 1, bytes: 100_000_000),
      2 * (50e-6 + 100e6 * secondsPerByte) + 2 * (50e-6 + 50e6 * secondsPerByte))
  }

  /// Within a host: four passes over half of the vector each way, and the sum of one half, three.
  @Test func memoryIsTheLinkWithinAHost() {
    expectEqual(seconds(nodes: 1, ranksPerNode: 2, bytes: 100_000_000, memory: 10e9), (2 * 4 + 3) * 50e6 / 10e9)
  }
}
