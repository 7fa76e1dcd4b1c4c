import Collectives
import Compute
import Dispatch
import Testing

struct ReductionScheduleTests {
  private static let elementCount = 37

  @Test func twoRoundsOfTwoByHand() {
    let schedule = ReductionSchedule(tree: ReductionTree(leafCount: 4), leavesPerRound: 2)
    #expect(schedule.slotCount == 1)
    #expect(schedule.rounds.map(\.leaves) == [0..<2, 2..<4])
    let first = schedule.rounds[0].operations
    #expect(first.map(\.destination) == [.slot(0)])
    #expect(first.map(\.left) == [.leaf(0)])
    #expect(first.map(\.right) == [.leaf(1)])
    let second = schedule.rounds[1].operations
    #expect(second.map(\.destination) == [.scratch(1), .slot(0)])
    #expect(second.map(\.left) == [.leaf(0), .slot(0)])
    #expect(second.map(\.right) == [.leaf(1), .scratch(1)])
  }

  @Test func slotsAreAsFewAsTheTreeAllows() {
    for leafCount in 1...64 {
      let tree = ReductionTree(leafCount: leafCount)
      for leavesPerRound in 1...leafCount + 2 {
        let schedule = ReductionSchedule(tree: tree, leavesPerRound: leavesPerRound)
        let pending = schedule.rounds.map { completeNodes(leafCount: leafCount, arrived: $0.leaves.upperBound) }
        #expect(schedule.slotCount == pending.max(), "\(leafCount) leaves, \(leavesPerRound) a round")
        #expect(1 << (schedule.slotCount - 1) < max(leafCount, 2), "\(leafCount) leaves, \(leavesPerRound) a round")
        if leavesPerRound >= leafCount {
          #expect(schedule.slotCount == 1)
        }
      }
    }
  }

  /// Every number of leaves, leaves a round, and ranks that promise equal bits, against plain recursion.
  @Test(arguments: 1...64) func anyThreadsAndRanksGiveTheBitsOfTheTree(leafCount: Int) {
    let expected = (0..<Self.elementCount).map { element in
      treeSum((0..<leafCount).map { adversarial(leaf: $0, element: element) }[...]).bitPattern
    }
    let tree = ReductionTree(leafCount: leafCount)
    for ranks in 1...leafCount where tree.supportsEqualBits(ranks: ranks) {
      let ownCount = leafCount / ranks
      for leavesPerRound in 1...ownCount + 1 {
        let schedule = ReductionSchedule(tree: ReductionTree(leafCount: ownCount), leavesPerRound: leavesPerRound)
        var sums = (0..<ranks).map { rank in
          run(schedule, leaves: tree.leaves(ofRank: rank, ranks: ranks), elementCount: Self.elementCount)
        }
        // Between ranks: the balanced tree.
        while sums.count > 1 {
          sums = stride(from: 0, to: sums.count, by: 2).map { pair in zip(sums[pair], sums[pair + 1]).map(+) }
        }
        #expect(
          sums[0].map(\.bitPattern) == expected,
          "\(leafCount) leaves, \(ranks) ranks, \(leavesPerRound) a round")
      }
    }
  }

  /// The check above can fail: another order of the same numbers gives other bits.
  @Test(arguments: 4...64) func anotherOrderGivesOtherBits(leafCount: Int) {
    let elements = 0..<Self.elementCount
    let values = elements.map { element in (0..<leafCount).map { adversarial(leaf: $0, element: element) } }
    let schedule = ReductionSchedule(tree: ReductionTree(leafCount: leafCount), leavesPerRound: 3)
    let sums = run(schedule, leaves: 0..<leafCount, elementCount: elements.count)
    #expect(values.map { $0.dropFirst().reduce($0[0], +) } != sums, "left to right")
    #expect(values.map { treeSum($0.reversed()[...]) } != sums || leafCount.nonzeroBitCount == 1, "right to left")
    #expect(values.map { treeSum(($0[1...] + $0[..<1])[...]) } != sums, "one leaf too far")
  }

  /// Threads that take slices of a long vector, with blocks cut in the middle, and leaves left as they were.
  @Test func slicesOverThreadsGiveTheSameBits() {
    let (leafCount, count) = (7, 100_003)
    let schedule = ReductionSchedule(tree: ReductionTree(leafCount: leafCount), leavesPerRound: 3)
    let memory = AlignedBuffer<Float>(repeating: .nan, count: (leafCount + schedule.slotCount) * count)
    defer { extendLifetime(memory) }
    let rows = memory.all.reshaped(rows: leafCount + schedule.slotCount, columns: count)
    for leaf in 0..<leafCount {
      for index in 0..<count {
        rows[leaf, index] = adversarial(leaf: leaf, element: index)
      }
    }
    let slots = rows.rows(leafCount..<rows.rows)
    let cuts = [0, 1, 17, 33_333, 33_334, 70_000, count]
    for (index, round) in schedule.rounds.enumerated() {
      let leaves = rows.rows(round.leaves)
      DispatchQueue.concurrentPerform(iterations: cuts.count - 1) { slice in
        ReductionExecutor(schedule: schedule)
          .apply(round: index, leaves: leaves, slots: slots, elements: cuts[slice]..<cuts[slice + 1])
      }
    }
    let wrong = (0..<count).filter { index in
      let values = (0..<leafCount).map { adversarial(leaf: $0, element: index) }
      return slots[0, index].bitPattern != treeSum(values[...]).bitPattern
        || (0..<leafCount).contains { rows[$0, index] != values[$0] }
    }
    #expect(wrong.isEmpty)
  }

  /// Runs a schedule as a process would: the leaf buffers are filled anew for each round, and nothing is zero at first.
  private func run(_ schedule: ReductionSchedule, leaves: Range<Int>, elementCount: Int) -> [Float] {
    let executor = ReductionExecutor(schedule: schedule)
    let leafCount = schedule.rounds.map(\.leaves.count).max()!
    let memory = AlignedBuffer<Float>(repeating: .nan, count: (leafCount + schedule.slotCount) * elementCount)
    defer { extendLifetime(memory) }
    let rows = memory.all.reshaped(rows: leafCount + schedule.slotCount, columns: elementCount)
    for (index, round) in schedule.rounds.enumerated() {
      for leaf in 0..<leafCount {
        for element in 0..<elementCount {
          rows[leaf, element] =
            leaf < round.leaves.count
            ? adversarial(leaf: leaves.lowerBound + round.leaves.lowerBound + leaf, element: element) : .nan
        }
      }
      executor.apply(
        round: index, leaves: rows.rows(0..<leafCount), slots: rows.rows(leafCount..<rows.rows),
        elements: 0..<elementCount)
    }
    return rows.row(leafCount).array
  }
}
