import Collectives
import Testing

struct ReductionTreeTests {
  @Test func equalBitsNeedAPowerOfTwoThatDividesTheLeaves() {
    for (leafCount, rankCounts) in [1: [1], 3: [1], 6: [1, 2], 12: [1, 2, 4], 64: [1, 2, 4, 8, 16, 32, 64]] {
      let tree = ReductionTree(leafCount: leafCount)
      #expect((-1...70).filter { tree.supportsEqualBits(ranks: $0) } == rankCounts, "\(leafCount) leaves")
    }
  }

  @Test func ranksOwnAllLeavesOnceInOrder() {
    for leafCount in 1...64 {
      let tree = ReductionTree(leafCount: leafCount)
      for ranks in 1...leafCount {
        let blocks = (0..<ranks).map { tree.leaves(ofRank: $0, ranks: ranks) }
        #expect(blocks.flatMap { Array($0) } == Array(0..<leafCount))
        #expect(blocks.map(\.count).max()! - blocks.map(\.count).min()! <= 1)
      }
    }
  }

  @Test func scalarsAreSummedThroughTheTree() {
    for leafCount in 1...64 {
      for draw in 0..<20 {
        let values = (0..<leafCount).map { Double(adversarial(leaf: $0, element: draw)) * 1e9 / 3 }
        let sum = values.withUnsafeBufferPointer(ReductionTree(leafCount: leafCount).sum)
        #expect(sum.bitPattern == treeSum(values[...]).bitPattern, "\(leafCount) leaves")
      }
    }
  }

  @Test func aTreeOfSixByHand() {
    let tree = ReductionTree(leafCount: 6)
    // 3 | 3: the 1 is in the right half, with -2^53, and survives. In 4 | 2, and from left to right, it meets 2^53
    // first and is lost.
    #expect([0, 0, 0x1p53, 1, -0x1p53, 0].withUnsafeBufferPointer(tree.sum) == 1)
    // Each half 2 | 1: the first 1 is lost in 2^53. In 1 | 2 it would meet a zero, for a sum of 2.
    #expect([1, 0x1p53, -0x1p53, 1, 0, 0].withUnsafeBufferPointer(tree.sum) == 1)
  }
}
