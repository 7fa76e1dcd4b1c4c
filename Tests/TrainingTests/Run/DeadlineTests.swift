import Compute
import Foundation
import Testing
import Training

struct DeadlineTests {
  @Test func thatIsMissedIsToldOnce() throws {
    let missed = Monitor(0)
    let deadline = try Deadline(seconds: 0.2) { missed.withLock { $0 += 1 } }
    missed.wait(until: { $0 > 0 }, then: { _ in })
    Thread.sleep(forTimeInterval: 0.5)
    #expect(missed.withLock { $0 } == 1)
    deadline.meet()
  }

  @Test func thatIsMetIsNotTold() throws {
    let missed = Monitor(0)
    let deadline = try Deadline(seconds: 2) { missed.withLock { $0 += 1 } }
    deadline.meet()
    Thread.sleep(forTimeInterval: 2.5)
    #expect(missed.withLock { $0 } == 0)
  }
}
