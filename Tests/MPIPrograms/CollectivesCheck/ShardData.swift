import Collectives
import Compute

/// Something is not as it must be.
struct CheckFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// Eight vectors that every rank can compute by itself, made so that another order of additions gives other bits:
/// the magnitudes reach from 2^-30 to 2^30, with both signs.
enum Shards {
  static let tree = ReductionTree(leafCount: 8)

  static func value(shard: Int, index: Int) -> Float {
    var bits = (UInt64(shard) << 40 | UInt64(index)) &+ 0x9E37_79B9_7F4A_7C15
    bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
    bits ^= bits >> 31
    let significand = Float(bits >> 40) * 0x1p-23 - 1
    return Float(sign: .plus, exponent: Int(bits & 0xFF) * 60 / 255 - 30, significand: 1) * significand
  }

  static func fill(_ vector: Vector, shard: Int) {
    for index in 0..<vector.count {
      vector[index] = value(shard: shard, index: index)
    }
  }

  /// The sum of all shards at `index`, written out by hand: the balanced tree.
  static func treeSum(at index: Int) -> Float {
    func value(_ shard: Int) -> Float { Self.value(shard: shard, index: index) }
    let left = (value(0) + value(1)) + (value(2) + value(3))
    let right = (value(4) + value(5)) + (value(6) + value(7))
    return left + right
  }

  /// The sum of the shards that a rank owns, through the tree over them.
  static func ownSum(at index: Int, rank: Int, ranks: Int) -> Float {
    func sum(_ shards: Range<Int>) -> Float {
      guard shards.count > 1 else { return value(shard: shards.lowerBound, index: index) }
      let even = shards.count.isMultiple(of: 2)
      let middle = shards.lowerBound + (even ? shards.count / 2 : shards.count - 1)
      return sum(shards.lowerBound..<middle) + sum(middle..<shards.upperBound)
    }
    return sum(tree.leaves(ofRank: rank, ranks: ranks))
  }

  /// Sums the shards that this rank owns into `sum`, two shards a round, as a process with two threads would.
  static func sumOwn(into sum: Vector, communicator: any Communicator) {
    let own = tree.leaves(ofRank: communicator.rank, ranks: communicator.size)
    let schedule = ReductionSchedule(tree: ReductionTree(leafCount: own.count), leavesPerRound: 2)
    let executor = ReductionExecutor(schedule: schedule)
    let leaves = AlignedBuffer<Float>(repeating: 0, count: 2 * sum.count)
    let slots = AlignedBuffer<Float>(repeating: 0, count: schedule.slotCount * sum.count)
    defer { extendLifetime(slots) }
    let (leafRows, slotRows) = (
      leaves.all.reshaped(rows: 2, columns: sum.count), slots.all.reshaped(rows: schedule.slotCount, columns: sum.count)
    )
    for (index, round) in schedule.rounds.enumerated() {
      for (place, shard) in round.leaves.enumerated() {
        fill(leafRows.row(place), shard: own.lowerBound + shard)
      }
      executor.apply(round: index, leaves: leafRows, slots: slotRows, elements: 0..<sum.count)
    }
    sum.base.update(from: slots.base, count: sum.count)
  }
}

/// FNV-1a over the bits of floats.
struct BitHash {
  private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func add(_ vector: Vector) {
    for index in 0..<vector.count {
      value = (value ^ UInt64(vector[index].bitPattern)) &* 0x100_0000_01B3
    }
  }
}
