import Foundation
import Testing

extension ProgramTests {
  /// A rank that hangs: the job ends, and each rank that can says what it was doing.
  @Suite struct Watchdogs {
    private let settings = [
      "train.epochs=100000", "watchdog.floor_seconds=1.5", "watchdog.first_steps_seconds=20",
    ]

    /// The phase that each rank says it is in.
    private func phases(_ errorOutput: String) -> [Int: String] {
      let report = /rank (\d+) on host \S+: watchdog: (?:what follows )?step \d+ takes .*; this rank is in (\w+)\./
      let reports = errorOutput.matches(of: report)
      return Dictionary(reports.map { (Int($0.1)!, String($0.2)) }) { first, second in "\(first) and \(second)" }
    }

    /// A stopped rank can say nothing; the others say that they wait for one.
    @Test func aStoppedRankIsTheOneThatSaysNothing() throws {
      let bench = try Workbench()
      let steps = ["checkpoint.every_epochs=null", "train.compare_every_steps=1000000"]
      let job = try bench.start("run", settings + steps, ranks: 4)
      try bench.waitForStep(12, of: "run", job)
      try job.send(SIGSTOP, toRank: 2)
      let outcome = try job.wait(deadlineSeconds: 30)
      #expect(outcome.exitCode == 1)
      let told = phases(outcome.errorOutput)
      #expect(told == [0: "allreduce", 1: "allreduce", 3: "allreduce"], "\(outcome.errorOutput)")
    }

    /// Wherever it stops, between two steps too, the others end the job, and what was saved before is there.
    @Test func aRankThatStopsBetweenStepsEndsTheJobToo() throws {
      let bench = try Workbench()
      let job = try bench.start("run", settings + ["checkpoint.every_steps=1"], ranks: 4)
      try bench.waitForStep(12, of: "run", job)
      try job.send(SIGSTOP, toRank: 2)
      let outcome = try job.wait(deadlineSeconds: 30)
      #expect(outcome.exitCode == 1)
      let told = phases(outcome.errorOutput)
      #expect(told.keys.sorted() == [0, 1, 3], "\(outcome.errorOutput)")
      #expect(Set(told.values).isSubset(of: ["allreduce", "checkpoint"]), "\(outcome.errorOutput)")
      #expect(try bench.inspect("run").step >= 10)
    }

    /// One rank's data are on a file system that no longer answers: from its fourth opening on, an image takes a minute.
    @Test func aRankThatWaitsForItsDataSaysSo() throws {
      let bench = try Workbench()
      try bench.writePNGs(to: "first")
      try bench.writePNGs(to: "second")
      let image = "\(bench.path)/second/\(bench.pngName(20))"
      let job = try bench.startUnequalRanks(
        bench.arguments("run", settings + ["data.path=\(bench.path)/first"]),
        bench.arguments("run", settings + ["data.path=\(bench.path)/second"]),
        secondThrough: [
          "strace", "-f", "-qq", "-o", "/dev/null", "-P", image, "-e", "inject=openat:delay_enter=60s:when=4+",
        ])
      let outcome = try job.wait(deadlineSeconds: 50)
      #expect(outcome.exitCode == 1)
      #expect(phases(outcome.errorOutput) == [0: "allreduce", 1: "data"])
    }

    /// A rank stands still for longer than the limit, and goes on before the others have ended the job.
    @Test func aStepThatCompletesAfterAllIsNoReasonToEndTheJob() throws {
      let bench = try Workbench()
      let job = try bench.start("run", settings, ranks: 2)
      try bench.waitForStep(12, of: "run", job)
      try job.send(SIGSTOP, toRank: 1)
      try bench.waitUntil("the watchdog's word", job) { job.errorOutput.contains("takes longer than") }
      try job.send(SIGCONT, toRank: 1)
      try bench.waitUntil("its second word", job) { job.errorOutput.contains("the job goes on") }
      let step = try bench.log(of: "run").lastStep
      try bench.waitForStep(step + 20, of: "run", job)
      // It still watches.
      try job.send(SIGSTOP, toRank: 1)
      let outcome = try job.wait(deadlineSeconds: 30)
      #expect(outcome.exitCode == 1)
      #expect(outcome.errorOutput.components(separatedBy: "takes longer than").count >= 3, "\(outcome.errorOutput)")
    }

    /// Time in which the whole process did not run is no time that a step took.
    @Test func aRunThatWasSuspendedGoesOn() throws {
      let bench = try Workbench()
      let job = try bench.start("run", settings)
      try bench.waitForStep(12, of: "run", job)
      try job.send(SIGSTOP)
      Thread.sleep(forTimeInterval: 3)
      try job.send(SIGCONT)
      let step = try bench.log(of: "run").lastStep
      try bench.waitForStep(step + 20, of: "run", job)
      try job.send(SIGTERM)
      #expect(try job.wait(deadlineSeconds: 20).exitCode == 75)
    }
  }
}
