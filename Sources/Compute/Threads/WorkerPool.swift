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
    var work: LentWork?
    var generation = 0
    var running = 0
    var isStopping = false
  }

  /// - Parameter count: workers, the caller included; at least 1.
  /// - Throws: a thread cannot be started; those that were have then ended.
  public init(count: Int) throws(ThreadError) {
    precondition(count >= 1, "a pool has at least one worker")
    self.count = count
    var threads: [SystemThread] = []
    do {
      for worker in 1..<count {
        threads.append(try SystemThread(for: "computing") { [monitor] in WorkerPool.serve(worker, monitor) })
      }
    } catch {
      WorkerPool.end(threads, monitor)
      throw error
    }
    self.threads = threads
  }

  deinit {
    WorkerPool.end(threads, monitor)
  }

  private static func end(_ threads: [SystemThread], _ monitor: Monitor<State>) {
    monitor.withLock { $0.isStopping = true }
    for thread in threads { thread.join() }
  }

  /// Runs `work` once on each worker, and returns when all are done.
  ///
  /// It takes no memory: the threads are told where the work lies, which is on the caller's stack, and of which type it is.
  ///
  /// Not to be called from two threads at once, nor from inside `work`.
  public func run(_ work: some PoolWork) {
    guard count > 1 else { return work.run(worker: 0) }
    withUnsafePointer(to: work) { address in
      let lent = LentWork(address)
      monitor.withLock { state in
        state.work = lent
        state.generation += 1
        state.running = count - 1
      }
      work.run(worker: 0)
      monitor.wait(until: { $0.running == 0 }, then: { $0.work = nil })
    }
  }

  /// As above, of a closure with the worker's number. Handing a closure to other threads takes a little memory from the heap
  /// each time: what runs in every step has a type of its own.
  public func run(_ body: @Sendable (_ worker: Int) -> Void) {
    withoutActuallyEscaping(body) { run(ClosureWork(body: $0)) }
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
    work.run(worker)
    return true
  }
}

/// What the workers of a pool do together.
public protocol PoolWork: Sendable {
  /// The part of one worker. All call it at the same time, each with its own number.
  func run(worker: Int)
}

private struct ClosureWork: PoolWork {
  let body: @Sendable (Int) -> Void

  func run(worker: Int) { body(worker) }
}

/// Where a piece of work lies and of which type it is, for as long as the call lasts that it was given to.
private struct LentWork: @unchecked Sendable {
  private let address: UnsafeRawPointer
  private let type: any PoolWork.Type

  init<Work: PoolWork>(_ address: UnsafePointer<Work>) {
    self.address = UnsafeRawPointer(address)
    type = Work.self
  }

  func run(_ worker: Int) { type.run(at: address, worker: worker) }
}

extension PoolWork {
  fileprivate static func run(at address: UnsafeRawPointer, worker: Int) {
    address.assumingMemoryBound(to: Self.self).pointee.run(worker: worker)
  }
}

/// A value that cannot be copied, lent to other threads for as long as a call of ``lend(_:_:)`` lasts.
public struct Lent<Value: ~Copyable & Sendable>: @unchecked Sendable {
  fileprivate let address: UnsafePointer<Value>

  public func with<Result>(_ body: (borrowing Value) -> Result) -> Result { body(address.pointee) }
}

/// Lends a value to whatever `body` hands it to, which must be done with it when `body` returns.
public func lend<Value: ~Copyable & Sendable, Result>(
  _ value: borrowing Value, _ body: (Lent<Value>) -> Result
) -> Result {
  withUnsafePointer(to: value) { body(Lent(address: $0)) }
}

/// The part of `0..<count` that worker `index` of `workers` takes, cut at multiples of sixteen.
public func slice(of count: Int, for index: Int, among workers: Int) -> Range<Int> {
  let blocks = (count + 15) / 16
  let start = min(count, blocks * index / workers * 16)
  let end = min(count, blocks * (index + 1) / workers * 16)
  return start..<end
}
