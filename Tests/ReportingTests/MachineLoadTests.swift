import Testing

@testable import Reporting

@Suite struct MachineLoadTests {
  /// Of the cores that the process may run on alone, whatever the others do.
  @Test func whatTheSystemCounts() {
    let stat = """
      cpu  999 999 999 999 999 999 999 999 0 0
      cpu0 100 20 30 4000 500 6 7 8 0 0
      cpu1 1 2 3 4 5 6 7 8 0 0
      cpu10 500 0 0 0 0 0 0 0 0 0
      intr 1 2
      """
    #expect(MachineLoad.busySeconds(stat, of: [0], ticksPerSecond: 100) == 1.71)
    #expect(MachineLoad.busySeconds(stat, of: [0, 1], ticksPerSecond: 100) == 1.98)
    for other in ["", "intr 1 2", "cpu0 1 2 3", "cpu0 a b c d e f g h", "cpu1 1 2 3 4 5 6 7 8"] {
      #expect(MachineLoad.busySeconds(other, of: [0], ticksPerSecond: 100) == nil, "\(other)")
    }
  }

  /// Two cores of which this process took one and a half seconds in two.
  @Test func othersAreAllButThisProcess() {
    let start = ContinuousClock.now
    let before = MachineLoad(all: 10, own: 1, time: start)
    #expect(MachineLoad(all: 13, own: 2.5, time: start + .seconds(2)).coresOfOthers(since: before) == 0.75)
    #expect(MachineLoad(all: 11, own: 2.5, time: start + .seconds(2)).coresOfOthers(since: before) == 0)
    #expect(MachineLoad(all: 11, own: 1, time: start).coresOfOthers(since: before) == 0)
  }

  @Test func isToldOnLinux() throws {
    let before = try #require(MachineLoad.current())
    let after = try #require(MachineLoad.current())
    #expect(after.all >= before.all && after.own >= before.own)
  }
}
