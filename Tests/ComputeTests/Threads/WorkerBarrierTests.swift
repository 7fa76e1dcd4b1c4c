import Compute
import Testing

@Suite struct WorkerBarrierTests {
  /// In each round every worker writes its number of the round, waits, reads what all the others wrote, and waits: a
  /// worker that came through too early would read an older round, one that came too late a newer one.
  @Test(arguments: [1, 2, 3, 8]) func nobodyPassesBeforeAllHaveCome(_ count: Int) throws {
    let rounds = 2000
    let pool = try WorkerPool(count: count)
    let barrier = WorkerBarrier(count: count)
    let written = AlignedBuffer<Int>(repeating: -1, count: count)
    defer { extendLifetime(written) }
    let mistakes = AlignedBuffer<Int>(repeating: 0, count: count)
    defer { extendLifetime(mistakes) }
    let (rows, wrong) = (UnsafeSendable(written.base), UnsafeSendable(mistakes.base))
    pool.run { worker in
      for round in 0..<rounds {
        rows.value[worker] = round
        barrier.wait()
        for other in 0..<count where rows.value[other] != round { wrong.value[worker] += 1 }
        barrier.wait()
      }
    }
    #expect((0..<count).map { mistakes.base[$0] } == Array(repeating: 0, count: count))
  }

  @Test func lateWorkersAreWaitedFor() throws {
    let count = 4
    let pool = try WorkerPool(count: count)
    let barrier = WorkerBarrier(count: count)
    let sums = AlignedBuffer<Int>(repeating: 0, count: count)
    defer { extendLifetime(sums) }
    let written = AlignedBuffer<Int>(repeating: 0, count: count)
    defer { extendLifetime(written) }
    let (values, results) = (UnsafeSendable(written.base), UnsafeSendable(sums.base))
    for late in 0..<count {
      pool.run { worker in
        if worker == late { busy(milliseconds: 10) }
        values.value[worker] = worker + late
        barrier.wait()
        results.value[worker] = (0..<count).reduce(0) { $0 + values.value[$1] }
      }
      #expect((0..<count).allSatisfy { sums.base[$0] == 6 + 4 * late })
    }
  }
}
