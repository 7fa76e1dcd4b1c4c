import Foundation
import MPILaunch
import Testing

extension ClusterSuite {
  /// A request to stop is never lost, however early it comes: nothing has begun, or a checkpoint is there.
  @Suite(.serialized) struct FirstMomentsTests {
    @Test(arguments: [(0.02, SIGTERM), (0.1, SIGHUP), (0.3, SIGTERM), (0.5, SIGINT), (0.8, SIGUSR1), (1.5, SIGHUP)])
    func ofTheSupervisor(delay: Double, signal: Int32) async throws {
      let run = try SmallRun(steps: 1_000_000)
      defer { run.remove() }
      try "localhost slots=2\n".write(to: run.hosts, atomically: true, encoding: .utf8)
      let job = try MPILaunch.start(
        launcher("cluster"),
        ["--hostfile", run.hosts.path, "--mae", try mae(), "--kill-timeout", "1", "--"] + run.options("early"),
        ranks: nil)
      try await Task.sleep(for: .seconds(delay))
      try job.send(signal)
      let outcome = try job.wait(deadlineSeconds: 40)
      // Before bash has read the first line, the signal's own way is all that there is.
      #expect(outcome.exitCode == 75 || delay < 0.1 && outcome.signal == signal, "\(outcome.errorOutput)")
      for words in ["Primary job", "Forwarding signal", "restart"] {
        #expect(!(outcome.output + outcome.errorOutput).contains(words), "\(outcome.output)")
      }
    }

    /// Without a launcher, while the program starts: it waits for its configuration, which comes through a pipe.
    @Test(arguments: [SIGTERM, SIGINT, SIGHUP, SIGUSR1]) func ofTheProgram(signal: Int32) async throws {
      let run = try SmallRun(steps: 1_000_000)
      defer { run.remove() }
      let text = try Data(contentsOf: run.configuration)
      try FileManager.default.removeItem(at: run.configuration)
      try #require(mkfifo(run.configuration.path, 0o600) == 0)
      let job = try MPILaunch.start(try mae(), ["pretrain"] + run.options("early"), ranks: nil)
      let pipe = try FileHandle(forWritingTo: run.configuration)
      try job.send(signal)
      try pipe.write(contentsOf: text)
      try pipe.close()
      let outcome = try job.wait(deadlineSeconds: 20)
      #expect(outcome.exitCode == 75, "\(outcome.errorOutput)")
      #expect(outcome.errorOutput.hasSuffix("stopped on request before the first step; run again to go on\n"))
      #expect(run.lastStep("early") == 0)
    }

    /// As `nohup` starts it: the terminal may go.
    @Test func aHangUpThatIsIgnoredStaysIgnored() async throws {
      let run = try SmallRun(steps: 3000)
      defer { run.remove() }
      let job = try MPILaunch.start(
        "/usr/bin/env", ["bash", "-c", "trap '' HUP; exec \"$0\" \"$@\"", try mae(), "pretrain"] + run.options("kept"),
        ranks: nil)
      try await eventually("some steps") { run.lastStep("kept") > 20 }
      try job.send(SIGHUP)
      #expect(try job.wait().exitCode == 0)
    }
  }
}
