import Testing
import Training

struct WorkerLayoutTests {
  private func layout(_ virtualWorkers: Int, rank: Int, of ranks: Int, threads: Int = 2) -> WorkerLayout {
    WorkerLayout(
      virtualWorkers: virtualWorkers, imagesPerVirtualWorker: 3, rank: rank, ranks: ranks, threads: threads)
  }

  @Test func byHand() {
    let second = layout(8, rank: 1, of: 2, threads: 3)
    #expect(second.block == 4..<8)
    #expect(second.images == 12..<24)
    #expect(second.rounds == 2)
    #expect(second.threads == 3)
    // Three ranks share four virtual workers as 1, 1, 2.
    #expect((0..<3).map { layout(4, rank: $0, of: 3).block } == [0..<1, 1..<2, 2..<4])
    #expect((0..<3).map { layout(4, rank: $0, of: 3).threads } == [1, 1, 2])
  }

  @Test func everyImageHasOneRank() {
    for virtualWorkers in 1...33 {
      for ranks in 1...virtualWorkers {
        let images = (0..<ranks).map { layout(virtualWorkers, rank: $0, of: ranks).images }
        #expect(images.flatMap(Array.init) == Array(0..<3 * virtualWorkers), "\(virtualWorkers) on \(ranks)")
      }
    }
  }

  @Test func noThreadIsWithoutWorkAndEveryRoundHasSome() {
    for threads in 1...9 {
      for virtualWorkers in 1...8 {
        let layout = layout(virtualWorkers, rank: 0, of: 1, threads: threads)
        #expect(layout.threads == min(threads, virtualWorkers))
        #expect(layout.rounds * layout.threads >= virtualWorkers)
        #expect((layout.rounds - 1) * layout.threads < virtualWorkers)
      }
    }
  }

  @Test func bitsAreEqualOnPowersOfTwoThatDivide() {
    #expect((1...8).filter { layout(8, rank: 0, of: $0).hasEqualBits } == [1, 2, 4, 8])
    #expect((1...12).filter { layout(12, rank: 0, of: $0).hasEqualBits } == [1, 2, 4])
    #expect((1...5).filter { layout(5, rank: 0, of: $0).hasEqualBits } == [1])
  }
}
