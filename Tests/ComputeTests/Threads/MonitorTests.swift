import Compute
import Testing

@Suite struct MonitorTests {
  @Test func changesAreNotLost() throws {
    let monitor = Monitor(0)
    try WorkerPool(count: 8).run { _ in
      for _ in 0..<5000 { monitor.withLock { $0 += 1 } }
    }
    #expect(monitor.withLock { $0 } == 40_000)
  }

  /// Producers and consumers around a queue of two places: a lost wake-up would leave somebody waiting for ever.
  @Test func everyItemPassesOnce() throws {
    struct Queue {
      var items: [Int] = []
      var taken: [Int] = []
    }
    let (producers, consumers, each) = (3, 4, 2000)
    let total = producers * each
    let monitor = Monitor(Queue())
    try WorkerPool(count: producers + consumers).run { worker in
      if worker < producers {
        for index in 0..<each {
          monitor.wait(until: { $0.items.count < 2 }, then: { $0.items.append(worker * each + index) })
        }
      } else {
        var isDone = false
        while !isDone {
          isDone = monitor.wait(
            until: { !$0.items.isEmpty || $0.taken.count == total },
            then: { queue in
              if !queue.items.isEmpty { queue.taken.append(queue.items.removeFirst()) }
              return queue.taken.count == total
            })
        }
      }
    }
    #expect(monitor.withLock { $0.taken.sorted() } == Array(0..<total))
  }

  /// Workers take turns by a number under the lock: each change must wake the one whose turn it is, among all.
  @Test func everyWaiterIsWoken() throws {
    let (workers, rounds) = (9, 300)
    let turn = Monitor(0)
    try WorkerPool(count: workers).run { worker in
      for round in 0..<rounds {
        turn.wait(until: { $0 == round * workers + worker }, then: { $0 += 1 })
      }
    }
    #expect(turn.withLock { $0 } == workers * rounds)
  }

  @Test func anErrorLeavesTheLockFree() {
    struct Refusal: Error {}
    let monitor = Monitor(1)
    #expect(throws: Refusal.self) { try monitor.withLock { _ in throw Refusal() } }
    #expect(throws: Refusal.self) {
      try monitor.wait(
        until: { $0 == 1 },
        then: { value in
          value = 2
          throw Refusal()
        })
    }
    #expect(monitor.withLock { $0 } == 2)
  }

  @Test func theResultIsHandedOut() {
    let monitor = Monitor(["a", "b"])
    #expect(monitor.withLock { $0.removeLast() } == "b")
    #expect(monitor.wait(until: { $0.count == 1 }, then: { $0[0] }) == "a")
  }
}
