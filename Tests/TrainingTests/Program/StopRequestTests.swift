import Foundation
import MPILaunch
import Testing

extension ProgramTests {
  /// A run that is asked to stop leaves a checkpoint, says so with 75, and goes on later as if nothing had been.
  @Suite struct StopRequest {
    private let settings = ["train.epochs=100000"]

    /// Goes on for four steps on two threads, and compares with a run that was never stopped.
    private func checkThatItGoesOn(_ bench: Workbench, _ outcome: MPILaunch.Outcome) throws {
      let stopped = try bench.log(of: "run").lastStep
      #expect(outcome.errorOutput.contains("stopped on request after step \(stopped); run again to go on"))
      #expect(try bench.inspect("run").step == stopped)
      let more = settings + ["train.steps=\(stopped + 4)"]
      let resumed = try bench.train("run", more + ["parallel.threads=2"])
      #expect(try bench.train("whole", more) == resumed)
    }

    @Test(arguments: [SIGTERM, SIGINT, SIGUSR1]) func ofALoneProcess(signal: Int32) throws {
      let bench = try Workbench()
      let job = try bench.start("run", settings)
      try bench.waitForStep(8, of: "run", job)
      try job.send(signal)
      let outcome = try job.wait(deadlineSeconds: 20)
      #expect(outcome.exitCode == 75 && outcome.signal == nil)
      try checkThatItGoesOn(bench, outcome)
    }

    @Test(arguments: [SIGTERM, SIGINT, SIGUSR1]) func ofOneRank(signal: Int32) throws {
      let bench = try Workbench()
      let job = try bench.start("run", settings, ranks: 2)
      try bench.waitForStep(8, of: "run", job)
      try job.send(signal, toRank: 1)
      let outcome = try job.wait(deadlineSeconds: 20)
      #expect(outcome.exitCode == 75)
      try checkThatItGoesOn(bench, outcome)
    }

    /// mpirun passes USR1 on. For TERM and INT it sends TERM itself, kills a second later, and has its own exit code.
    @Test(arguments: zip([SIGUSR1, SIGTERM, SIGINT], [Int32(75), 1, 1]))
    func ofMpirun(signal: Int32, exitCode: Int32) throws {
      let bench = try Workbench()
      let job = try bench.start("run", settings, ranks: 2)
      try bench.waitForStep(8, of: "run", job)
      try job.send(signal)
      let outcome = try job.wait(deadlineSeconds: 20)
      #expect(outcome.exitCode == exitCode)
      try checkThatItGoesOn(bench, outcome)
    }

    /// Steps of many seconds: the first interrupt waits for the end of one, the second does not.
    @Test func aSecondInterruptEndsAtOnce() throws {
      let bench = try Workbench()
      let slow = [
        "model.image_size=128", "model.patch_size=4", "model.encoder.width=256", "model.encoder.depth=8",
        "train.batch_size=80", "parallel.virtual_workers=80",
      ]
      let job = try bench.start("run", slow)
      try bench.waitUntil("the announcement", job) { job.errorOutput.contains("kernels") }
      try job.send(SIGINT)
      Thread.sleep(forTimeInterval: 0.5)
      #expect(job.isRunning)
      try job.send(SIGINT)
      let outcome = try job.wait(deadlineSeconds: 3)
      #expect(outcome.signal == SIGINT)
    }
  }
}
