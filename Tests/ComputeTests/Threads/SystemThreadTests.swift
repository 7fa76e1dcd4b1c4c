import Compute
import Testing

@Suite struct SystemThreadTests {
  @Test("joining waits for the end, and what the thread wrote is seen")
  func join() throws {
    let value = Monitor(0)
    let threads = try (1...8).map { number in
      try SystemThread(for: "a test") { value.withLock { $0 += number } }
    }
    for thread in threads { thread.join() }
    #expect(value.withLock { $0 } == 36)
  }

  @Test("a thread that nobody waits for runs on when its value is gone")
  func detached() throws {
    let stage = Monitor(0)
    _ = try SystemThread(for: "a test") {
      stage.wait(until: { $0 == 1 }, then: { $0 = 2 })
    }
    stage.withLock { $0 = 1 }
    stage.wait(until: { $0 == 2 }, then: { _ in })
  }

  @Test func piecesAreEachRunOnce() {
    for count in [0, 1, 2, 7, 1000] {
      let runs = Monitor([Int](repeating: 0, count: count))
      runPieces(count) { index in runs.withLock { $0[index] += 1 } }
      #expect(runs.withLock { $0 } == [Int](repeating: 1, count: count))
    }
  }
}
