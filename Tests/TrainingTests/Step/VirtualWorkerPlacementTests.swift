import Testing
import Training

struct VirtualWorkerPlacementTests {
  private func placement(_ virtualWorkers: Int, rank: Int, of ranks: Int, threads: Int = 2) -> VirtualWorkerPlacement {
    VirtualWorkerPlacement(
      virtualWorkers: virtualWorkers, imagesPerVirtualWorker: 3, rank: rank, ranks: ranks, threads: threads)
  }

  @Test func byHand() {
    let second = placement(8, rank: 1, of: 2, threads: 3)
    #expect(second.block == 4..<8)
    #expect(second.images == 12..<24)
    #expect(second.rounds == 2)
    #expect(second.threads == 3)
    // Three ranks share four virtual workers as 1, 1, 2.
    #expect((0..<3).map { placement(4, rank: $0, of: 3).block } == [0..<1, 1..<2, 2..<4])
    #expect((0..<3).map { placement(4, rank: $0, of: 3).threads } == [1, 1, 2])
  }

  @Test func everyImageHasOneRank() {
    for virtualWorkers in 1...33 {
      for ranks in 1...virtualWorkers {
        let images = (0..<ranks).map { placement(virtualWorkers, rank: $0, of: ranks).images }
        #expect(images.flatMap(Array.init) == Array(0..<3 * virtualWorkers), "\(virtualWorkers) on \(ranks)")
      }
    }
  }

  @Test func noThreadIsWithoutWorkAndEveryRoundHasSome() {
    for threads in 1...9 {
      for virtualWorkers in 1...8 {
        let placement = placement(virtualWorkers, rank: 0, of: 1, threads: threads)
        #expect(placement.threads == min(threads, virtualWorkers))
        #expect(placement.rounds * placement.threads >= virtualWorkers)
        #expect((placement.rounds - 1) * placement.threads < virtualWorkers)
      }
    }
  }

  @Test func bitsAreEqualOnPowersOfTwoThatDivide() {
    #expect((1...8).filter { placement(8, rank: 0, of: $0).hasEqualBits } == [1, 2, 4, 8])
    #expect((1...12).filter { placement(12, rank: 0, of: $0).hasEqualBits } == [1, 2, 4])
    #expect((1...5).filter { placement(5, rank: 0, of: $0).hasEqualBits } == [1])
  }
}
