import Compute
import Synchronization
import Testing

@Suite struct WorkerPoolTests {
  /// Also many more workers than this machine has cores.
  static let counts = [1, 2, 3, 7, 16]

  /// Each worker writes to a place of its own without any lock: `run` alone makes it visible.
  @Test(arguments: counts) func eachWorkerRunsOnceEachTime(_ count: Int) throws {
    let pool = try WorkerPool(count: count)
    let buffer = AlignedBuffer<Int>(repeating: 0, count: count)
    defer { extendLifetime(buffer) }
    let runs = UnsafeSendable(buffer.base)
    for run in 1...500 {
      pool.run { worker in runs.value[worker] += worker + 1 }
      let expected = (0..<count).map { ($0 + 1) * run }
      guard Array(UnsafeBufferPointer(start: buffer.base, count: count)) == expected else {
        Issue.record("run \(run) of \(count) workers")
        return
      }
    }
  }

  /// What one run wrote, all workers of the next one read: each adds what its neighbour had.
  @Test func oneRunSeesWhatTheLastOneWrote() throws {
    let count = 5
    let pool = try WorkerPool(count: count)
    let first = AlignedBuffer<Int>(repeating: 1, count: count)
    defer { extendLifetime(first) }
    let second = AlignedBuffer<Int>(repeating: 1, count: count)
    defer { extendLifetime(second) }
    let halves = [UnsafeSendable(first.base), UnsafeSendable(second.base)]
    for run in 0..<2000 {
      let (from, to) = (halves[run % 2], halves[(run + 1) % 2])
      pool.run { worker in to.value[worker] = from.value[(worker + 1) % count] &+ worker }
    }
    var expected = Array(repeating: 1, count: count)
    for _ in 0..<2000 { expected = (0..<count).map { expected[($0 + 1) % count] &+ $0 } }
    #expect(Array(UnsafeBufferPointer(start: first.base, count: count)) == expected)
  }

  @Test func unequalWorkIsWaitedFor() throws {
    let pool = try WorkerPool(count: 4)
    for slow in 0..<4 {
      let finished = Atomic<Int>(0)
      pool.run { worker in
        if worker == slow { busy(milliseconds: 20) }
        finished.add(1, ordering: .relaxed)
      }
      #expect(finished.load(ordering: .relaxed) == 4)
    }
  }

  /// The threads of a pool that is gone are gone too, whether they ever ran something or not.
  @Test func poolsComeAndGo() throws {
    let work = Atomic<Int>(0)
    for index in 0..<200 {
      let pool = try WorkerPool(count: 1 + index % 6)
      if index % 3 > 0 { pool.run { _ in work.add(1, ordering: .relaxed) } }
    }
    let expected = (0..<200).filter { $0 % 3 > 0 }.reduce(0) { $0 + 1 + $1 % 6 }
    #expect(work.load(ordering: .relaxed) == expected)
  }

  /// Work of a type of its own, and a value that cannot be copied, reach each thread.
  @Test(arguments: counts) func workAndLentValueReachEachWorker(_ count: Int) throws {
    struct Factor: ~Copyable, Sendable {
      let value = 10
    }
    struct Adding: PoolWork {
      let factor: Lent<Factor>
      let run: Int
      let sums: Monitor<[Int]>

      func run(worker: Int) {
        let product = factor.with { $0.value * worker }
        sums.withLock { $0[worker] += product + run }
      }
    }
    let pool = try WorkerPool(count: count)
    let sums = Monitor([Int](repeating: 0, count: count))
    let factor = Factor()
    for run in 1...100 {
      lend(factor) { pool.run(Adding(factor: $0, run: run, sums: sums)) }
    }
    #expect(sums.withLock { $0 } == (0..<count).map { 5050 + 1000 * $0 })
  }

  /// A caller may free what the work held as soon as `run` is back.
  @Test func workIsLetGoBeforeRunReturns() throws {
    final class Held: Sendable {}
    let pool = try WorkerPool(count: 6)
    for _ in 0..<300 {
      var held: Held? = Held()
      weak let witness = held
      pool.run { [held] _ in withExtendedLifetime(held) {} }
      held = nil
      #expect(witness == nil)
    }
  }

  @Test func slicesCoverEveryElementOnce() {
    for count in Array(0...70) + [100, 1000, 4099, 1 << 20] {
      for workers in [1, 2, 3, 5, 8, 17, 100] {
        let slices = (0..<workers).map { slice(of: count, for: $0, among: workers) }
        var position = 0
        for slice in slices {
          #expect(slice.lowerBound == position && slice.upperBound >= position)
          #expect(slice.isEmpty || slice.lowerBound % 16 == 0)
          position = slice.upperBound
        }
        #expect(position == count)
        let blocks = slices.map { ($0.count + 15) / 16 }
        #expect(blocks.max()! - blocks.min()! <= 1, "\(count) among \(workers)")
      }
    }
  }
}

/// A pointer that threads of a test share, each writing to a place of its own.
struct UnsafeSendable<Pointee>: @unchecked Sendable {
  let value: UnsafeMutablePointer<Pointee>
  init(_ value: UnsafeMutablePointer<Pointee>) { self.value = value }
}

func busy(milliseconds: Int) {
  let end = ContinuousClock.now + .milliseconds(milliseconds)
  while ContinuousClock.now < end {}
}
