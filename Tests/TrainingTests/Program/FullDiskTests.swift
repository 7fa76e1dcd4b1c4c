import Foundation
import MPILaunch
import Testing

extension ProgramTests {
  /// A file system that is full when a checkpoint is to be saved. It is a small one in memory, which only root can mount:
  /// the tests fail for others.
  @Suite struct FullDisk {
    private let settings = ["checkpoint.every_epochs=null", "checkpoint.every_steps=5", "checkpoint.keep_last=2"]

    /// Only the checkpoints lie on the small disk, so that the log can tell what goes on.
    @Test(arguments: [nil, 2]) func trainingGoesOnAndTheNextSaveThatFitsSucceeds(ranks: Int?) throws {
      let bench = try Workbench()
      let disk = try SmallDisk(at: "\(bench.path)/run/checkpoints")
      let endless = settings + ["train.epochs=100000"]
      let job = try bench.start("run", endless, ranks: ranks)
      try bench.waitForStep(12, of: "run", job)

      try bench.waitUntil("a save that fails", job) {
        disk.fill()
        return job.errorOutput.contains(/the checkpoint of step \d+ could not be written/)
      }
      #expect(job.errorOutput.contains("No space left on device; make room on that file system"))
      let full = try bench.log(of: "run").lastStep
      let kept = try bench.inspect("run").step
      #expect(kept >= 10 && kept < full)
      try bench.waitForStep(full + 20, of: "run", job)
      #expect(try bench.inspect("run").step == kept, "the older checkpoint is valid and nothing is in its place")

      try disk.makeRoom()
      try bench.waitUntil("a save that fits", job) { (try? bench.inspect("run").step) ?? 0 > full }

      try bench.waitUntil("another save that fails", job) {
        disk.fill()
        return (try? bench.events("checkpoint_failed", of: "run").last) ?? 0 > full + 20
          && (try? bench.inspect("run").step) ?? 0 < (try? bench.events("checkpoint_failed", of: "run").last) ?? 0
      }
      try job.send(SIGUSR1, toRank: ranks.map { $0 - 1 })
      let outcome = try job.wait(deadlineSeconds: 20)
      let last = try bench.log(of: "run").lastStep
      #expect(outcome.exitCode == 1, "what it was to leave on disk is not there")
      try expectLastWords(outcome, step: last)

      try disk.makeRoom()
      let more = endless + ["train.steps=\(last + 6)"]
      #expect(try bench.train("run", more) == bench.train("whole", more))
    }

    /// Nothing at all fits any more, not even a line of the log.
    @Test(arguments: [nil, 2]) func theEndOfTheRunSaysSo(ranks: Int?) throws {
      let bench = try Workbench()
      let disk = try SmallDisk(at: "\(bench.path)/run")
      let long = settings + ["train.epochs=100000", "train.steps=200"]
      let job = try bench.start("run", long, ranks: ranks)
      try bench.waitForStep(12, of: "run", job)
      while job.isRunning {
        disk.fill()
        Thread.sleep(forTimeInterval: 0.005)
      }
      let outcome = try job.wait()
      #expect(outcome.exitCode == 1)
      try expectLastWords(outcome, step: 200)
      #expect(outcome.errorOutput.contains("training goes on"))
      #expect(try bench.inspect("run").step >= 10)
      try disk.makeRoom()
      #expect(try bench.train("run", long).checkpoint == bench.train("whole", long).checkpoint)
    }

    private func expectLastWords(_ outcome: MPILaunch.Outcome, step: Int) throws {
      let sentences = outcome.errorOutput.split(separator: "\n").filter { $0.hasPrefix("mae: ") }
      try #require(sentences.count == 1, "\(outcome.errorOutput)")
      #expect(sentences[0].contains("the checkpoint of step \(step) was not saved, older ones are untouched: "))
      #expect(sentences[0].contains("No space left on device"))
    }
  }
}
