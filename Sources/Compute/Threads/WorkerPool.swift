import CClosure

/// A fixed set of threads that run one piece of work together: the caller is worker 0, the others wait for it.
///
/// Ordering: `run` hands the work out under a lock; each thread runs it once and counts itself done under the same
/// lock; `run` returns when all have. So whatever a worker wrote is visible to all after `run`.
public final class WorkerPool: Sendable {
  /// Workers, the caller included.
  public let count: Int
  private let monitor = Monitor(State())
  private let threads: [SystemThread]

  private struct State {
    var work: lent_closure?
    var generation = 0
    var running = 0
    var isStopping = false
  }

  /// - Parameter count: workers, the caller included; at least 1.
  public init(count: Int) {
    precondition(count >= 1, "a pool has at least one worker")
    self.count = count
    threads = (1..<count).map { [monitor] worker in
      SystemThread { WorkerPool.serve(worker, monitor) }
    }
  }

  deinit {
    monitor.withLock { $0.isStopping = true }
    for thread in threads { thread.join() }
  }

  /// Runs `work` once on each worker, with the worker's number, and returns when all are done.
  ///
  /// Not to be called from two threads at once, nor from inside `work`.
  public func run(_ work: @Sendable (_ worker: Int) -> Void) {
    guard count > 1 else { return work(0) }
    var lent = lent_closure()
    take(work, &lent)
    monitor.withLock { [lent] state in
      state.work = lent
      state.generation += 1
      state.running = count - 1
    }
    work(0)
    monitor.wait(until: { $0.running == 0 }, then: { $0.work = nil })
  }

  private static func serve(_ worker: Int, _ monitor: Monitor<State>) {
    var seen = 0
    while takeWork(worker, monitor, after: &seen) {
      monitor.withLock { $0.running -= 1 }
    }
  }

  /// Waits for the next piece of work and runs it.
  ///
  /// - Returns: false when there will be no more.
  private static func takeWork(_ worker: Int, _ monitor: Monitor<State>, after seen: inout Int) -> Bool {
    let work = monitor.wait(
      until: { [seen] in $0.generation != seen || $0.isStopping },
      then: { state in
        seen = state.generation
        return state.isStopping ? nil : state.work
      })
    guard let work else { return false }
    lent_closure_call(work, worker)
    return true
  }
}

/// Keeps a closure's two words, for other threads to run as long as the call that it was passed to lasts. The compiler's
/// own way, `withoutActuallyEscaping`, takes memory from the heap each time.
@_silgen_name("lent_closure_take")
private func take(_ work: @Sendable (Int) -> Void, _ closure: UnsafeMutablePointer<lent_closure>)

/// The part of `0..<count` that worker `index` of `workers` takes, cut at multiples of sixteen.
public func slice(of count: Int, for index: Int, among workers: Int) -> Range<Int> {
  let blocks = (count + 15) / 16
  let start = min(count, blocks * index / workers * 16)
  let end = min(count, blocks * (index + 1) / workers * 16)
  return start..<end
}
