/// How the leaves of a tree, computed a few at a time, are summed in the tree's order with little memory.
///
/// Leaves come in rounds of `leavesPerRound` (a process runs one virtual worker on each thread). It works like a
/// parser that shifts and reduces: a leaf is pushed on a stack, and whenever the two newest partial sums are the
/// children of one node they are joined. What is on the stack at the end of a round has to outlive the leaf buffers,
/// which the next round fills anew: the entry at depth `j` lies in slot `j`. After the last round slot 0 holds the
/// total.
public struct ReductionSchedule: Equatable, Sendable {
  /// Where a partial sum lies.
  public enum Place: Equatable, Sendable {
    /// The buffer of a worker, by its number in this round. Only ever read.
    case leaf(Int)
    /// Memory that lasts from round to round.
    case slot(Int)
    /// Memory for one block of elements, within a round; the executor has it.
    case scratch(Int)
  }

  /// `destination = left + right`, or `destination = left` when there is no right.
  public struct Operation: Equatable, Sendable {
    public let destination: Place
    public let left: Place
    public let right: Place?
  }

  /// The operations of one round, in order.
  public struct Round: Equatable, Sendable {
    /// The leaves of the tree that this round computes.
    public let leaves: Range<Int>
    public let operations: [Operation]
    /// How many scratch places the operations use.
    public let scratchCount: Int
  }

  public let rounds: [Round]

  /// How many slots there must be: 1 where one round does it, at most ⌈log2 leafCount⌉ otherwise.
  public let slotCount: Int

  /// - Parameter leavesPerRound: any number above 0; the last round may have fewer.
  public init(tree: ReductionTree, leavesPerRound: Int) {
    precondition(leavesPerRound > 0, "rounds without leaves")
    let joins = tree.joinsAfterLeaf
    var rounds: [Round] = []
    var pending = 0
    var slotCount = 1
    for start in stride(from: 0, to: tree.leafCount, by: leavesPerRound) {
      let leaves = start..<min(start + leavesPerRound, tree.leafCount)
      let round = Round(leaves: leaves, pending: pending, joins: joins[leaves])
      rounds.append(round)
      pending += leaves.count - joins[leaves].reduce(0, +)
      slotCount = max(slotCount, pending)
    }
    self.rounds = rounds
    self.slotCount = slotCount
  }
}

extension ReductionSchedule.Round {
  /// - Parameters:
  ///   - pending: how many partial sums earlier rounds left, in slots `0..<pending`.
  ///   - joins: how many joins follow each leaf of this round.
  init(leaves: Range<Int>, pending: Int, joins: ArraySlice<Int>) {
    typealias Place = ReductionSchedule.Place
    var stack: [Place] = (0..<pending).map { .slot($0) }
    var operations: [ReductionSchedule.Operation] = []
    for (index, joinCount) in joins.enumerated() {
      stack.append(.leaf(index))
      for _ in 0..<joinCount {
        let right = stack.removeLast()
        let left = stack.removeLast()
        let destination = Place.scratch(stack.count)
        operations.append(.init(destination: destination, left: left, right: right))
        stack.append(destination)
      }
    }
    // What is still on the stack goes to its slot: the operation that made it writes there at once, and a leaf that was
    // never joined is copied.
    for (depth, place) in stack.enumerated() {
      switch place {
      case .slot:
        break
      case .leaf:
        operations.append(.init(destination: .slot(depth), left: place, right: nil))
      case .scratch:
        let last = operations.lastIndex { $0.destination == place }!
        let made = operations[last]
        operations[last] = .init(destination: .slot(depth), left: made.left, right: made.right)
      }
    }
    self.leaves = leaves
    self.operations = operations
    scratchCount =
      operations.reduce(0) { count, operation in
        if case .scratch(let index) = operation.destination { max(count, index + 1) } else { count }
      }
  }
}
