import Foundation

/// Lets writers on threads of their own make their changes in a given order: one at a time, whoever's turn it is, and those
/// that have ended are left out.
final class Turns: @unchecked Sendable {
  enum Order: CaseIterable {
    case ascending
    case descending
    /// One change of each in turn.
    case alternating
  }

  private let condition = NSCondition()
  private let order: Order
  private var running: Set<Int>
  private var last = -1

  init(_ order: Order, writers: Int) {
    self.order = order
    running = Set(0..<writers)
  }

  /// Runs `body` when it is the writer's turn; once it has ended, at once.
  func take<Result>(_ writer: Int, _ body: () -> Result) -> Result {
    condition.withLock {
      while running.contains(writer), writer != next { condition.wait() }
      defer {
        last = writer
        condition.broadcast()
      }
      return body()
    }
  }

  /// The writer makes no more changes, or only such as need no turn.
  func end(_ writer: Int) {
    condition.withLock {
      running.remove(writer)
      condition.broadcast()
    }
  }

  private var next: Int? {
    switch order {
    case .ascending: running.min()
    case .descending: running.max()
    case .alternating: running.filter { $0 > last }.min() ?? running.min()
    }
  }
}
