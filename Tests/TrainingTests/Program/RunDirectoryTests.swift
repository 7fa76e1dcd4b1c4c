import Foundation
import Testing

extension ProgramTests {
  /// A run writes where its own lock is, and nowhere else.
  @Suite struct RunDirectories {
    /// The directory of a run is moved away, and another run takes its place.
    @Test(arguments: [nil, 2]) func thatWereMovedEndTheRunAndLeaveTheNextAlone(ranks: Int?) throws {
      let bench = try Workbench()
      let endless = ["train.epochs=100000", "checkpoint.keep_last=1"]
      let first = try bench.start("run", endless, ranks: ranks)
      try bench.waitForStep(12, of: "run", first)
      try FileManager.default.moveItem(atPath: "\(bench.path)/run", toPath: "\(bench.path)/moved")
      let settings = ["train.seed=5", "train.steps=12", "checkpoint.keep_last=9"]
      let second = try bench.train("run", settings)
      let outcome = try first.wait(deadlineSeconds: 20)
      #expect(outcome.exitCode == 1)
      let sentences = outcome.errorOutput.split(separator: "\n").filter { $0.hasPrefix("mae: ") }
      #expect(sentences.count == 1, "\(outcome.errorOutput)")
      #expect(
        sentences.first?.contains("the path \(bench.path)/run no longer leads to this run's directory") == true)
      #expect(try bench.train("undisturbed", settings) == second)
      #expect(try bench.result(of: "run") == second)
      #expect(try bench.checkpointSteps(of: "run") == [5, 10, 12])
      // Nothing is lost of the first: it goes on from its last checkpoint where it is now.
      // The one of step 10 may have been on its way.
      let step = try bench.inspect("moved").step
      #expect(step >= 5)
      let more = endless + ["train.steps=\(step + 2)"]
      #expect(try bench.train("moved", more).checkpoint == bench.train("whole", more).checkpoint)
    }

    @Test func thatWereRemovedEndTheRun() throws {
      let bench = try Workbench()
      let job = try bench.start("run", ["train.epochs=100000"])
      try bench.waitForStep(3, of: "run", job)
      // The run writes beside who removes: what was listed may be gone, and what was not may be there.
      for _ in 0..<100 where FileManager.default.fileExists(atPath: "\(bench.path)/run") {
        try? FileManager.default.removeItem(atPath: "\(bench.path)/run")
      }
      #expect(try job.wait(deadlineSeconds: 20).exitCode == 1)
      #expect(!FileManager.default.fileExists(atPath: "\(bench.path)/run"))
    }
  }
}
