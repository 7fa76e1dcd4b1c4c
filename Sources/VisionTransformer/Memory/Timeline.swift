import Compute
import Parameters

/// The order in which a step passes through the parts of its model, put together from stages, by which the lifetimes of
/// its memory are told.
///
/// Forward passes through the stages from the first to the last, one instant each; then backward, where there is one,
/// passes through the same stages from the last to the first. What a stage makes on the way forward is needed until
/// backward is through that stage, and the gradient of a stage's parameters is there from backward's instant on.
public struct Timeline: Sendable {
  /// One part of the model that forward, and later backward, is at for an instant. It belongs to the timeline that gave it.
  public struct Stage: Sendable {
    fileprivate let index: Int
  }

  /// Of each stage, the groups of the parameter table whose gradient backward writes there.
  private var groups: [[Int]] = []
  /// The stages that backward does not pass through.
  private var frozen: Set<Int> = []
  /// Without it, what a stage makes is needed by the next stage, and no longer.
  public let hasBackward: Bool

  public init(hasBackward: Bool) {
    self.hasBackward = hasBackward
  }

  /// Adds a stage after all others.
  ///
  /// - Parameters:
  ///   - groups: indices of the groups of the stage's parameters in their table. The groups of all stages, one stage after
  ///   another, are those of the table in its order.
  ///   - isFrozen: whether backward stops before it: nothing that it makes is needed but by the next stage. The frozen stages
  ///   are the first ones.
  public mutating func addStage(groups: [Int], isFrozen: Bool = false) -> Stage {
    precondition(
      !isFrozen || groups.isEmpty && frozen.count == self.groups.count, "a frozen stage behind a trained one")
    if isFrozen { frozen.insert(self.groups.count) }
    self.groups.append(groups)
    return Stage(index: self.groups.count - 1)
  }

  // MARK: Lifetimes, which are known when all stages have been added

  /// When backward is at `stage`.
  private func backwardInstant(_ stage: Stage) -> Int { 2 * groups.count - 1 - stage.index }

  /// The whole step.
  public var whole: ClosedRange<Int> { 0...(hasBackward ? 2 * groups.count - 1 : groups.count) }

  /// Of what forward makes at `stage`.
  public func kept(from stage: Stage) -> ClosedRange<Int> {
    stage.index...(hasBackward && !isFrozen(stage) ? backwardInstant(stage) : stage.index + 1)
  }

  /// Of what forward makes at `stage` and backward needs at `next`, the stage behind it, too: its input.
  public func kept(from stage: Stage, for next: Stage) -> ClosedRange<Int> {
    let kept = kept(from: stage)
    guard hasBackward, isFrozen(stage), !isFrozen(next) else { return kept }
    return kept.lowerBound...backwardInstant(next)
  }

  func isFrozen(_ stage: Stage) -> Bool { frozen.contains(stage.index) }

  /// While forward is at `first`, at `last`, or between them.
  public func forward(_ first: Stage, through last: Stage) -> ClosedRange<Int> { first.index...last.index }

  /// While backward is at `first`, at `last`, which forward came to no later, or between them.
  public func backward(_ first: Stage, through last: Stage) -> ClosedRange<Int> {
    precondition(hasBackward, "the step has no backward pass")
    return backwardInstant(first)...backwardInstant(last)
  }

  /// The gradient of the whole table as memory that is lent: that of each stage until backward is there.
  public func loans(of table: ParameterTable) -> [Loan] {
    precondition(hasBackward && groups.flatMap(\.self).elementsEqual(table.groups.indices), "the table of other stages")
    return groups.enumerated().flatMap { index, groups in
      groups.map { Loan(table.groups[$0].range, until: backwardInstant(Stage(index: index))) }
    }
  }
}
