import Synchronization

/// The parts of a step and what follows it, as far as somebody who waits for one wants to know.
public enum StepPhase: UInt8, Sendable {
  case data, forward, backward, allreduce, optimizer, checkpoint, evaluation
}

/// What a rank is doing: the training loop says it, and other threads look.
public final class StepProgress: Sendable {
  private let current = Atomic(StepPhase.data.rawValue)

  public init() {}

  public func enter(_ phase: StepPhase) {
    current.store(phase.rawValue, ordering: .relaxed)
  }

  public var phase: StepPhase { StepPhase(rawValue: current.load(ordering: .relaxed))! }
}
