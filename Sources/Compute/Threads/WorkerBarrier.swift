import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// A meeting point for a fixed number of workers: each waits until all have come.
///
/// Workers do equal work, so the wait is short: it spins first, then gives the core away between looks, which
/// keeps several processes on one core moving.
public final class WorkerBarrier: Sendable {
  private let count: Int
  private let arrived = Atomic<Int>(0)
  private let generation = Atomic<Int>(0)

  public init(count: Int) {
    precondition(count >= 1)
    self.count = count
  }

  /// Returns when all workers have called it; what they wrote before is visible after.
  public func wait() {
    let current = generation.load(ordering: .acquiring)
    if arrived.add(1, ordering: .acquiringAndReleasing).newValue == count {
      arrived.store(0, ordering: .relaxed)
      generation.store(current &+ 1, ordering: .releasing)
      return
    }
    var looks = 0
    while generation.load(ordering: .acquiring) == current {
      looks += 1
      if looks > 4_000 { sched_yield() }
    }
  }
}
