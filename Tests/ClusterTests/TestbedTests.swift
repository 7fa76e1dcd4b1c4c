import Foundation
import MPILaunch
import Testing

/// What launch/cluster and launch/testbed have in common is the machine: one test at a time.
@Suite(.serialized, .timeLimit(.minutes(6))) struct ClusterSuite {}

extension ClusterSuite {
  /// True runs over several hosts, which are network namespaces. They need root, and fail without.
  @Suite(.serialized) struct TestbedTests {
    @Test func hostsHaveTheBitsOfOneProcess() throws {
      let run = try SmallRun(steps: 400)
      defer { run.remove() }
      let expected = try run.undisturbed()
      for hosts in [2, 4] {
        let name = "hosts-\(hosts)"
        let command = [
          "\(hosts)", "--rate", "1gbit", "--", "bash", "-c",
          "mpirun --hostfile $TESTBED_HOSTFILE -np \(hosts) --bind-to none \"$@\"", "-", try mae(), "pretrain",
        ]
        let outcome = try MPILaunch.run(launcher("testbed"), command + run.options(name), ranks: nil)
        #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
        #expect("\(outcome.output)\(outcome.errorOutput)".contains("\(hosts) on \(hosts) hosts"))
        #expect(try run.result(name) == expected, "\(hosts) hosts")
      }
      try expectNothingLeft()
    }

    /// Node 3 of four vanishes while they train: the other three go on, as two.
    @Test func aCutLinkCostsAHostAndNoBit() async throws {
      let run = try SmallRun(steps: 20000)
      defer { run.remove() }
      let expected = try run.undisturbed()
      let cluster = RunningLauncher(
        "testbed",
        ["4", "--", "bash", "-c", "exec \"$0\" --hostfile $TESTBED_HOSTFILE \"$@\"", launcher("cluster")]
          + ["--mae", try mae(), "--back-off", "1", "--kill-timeout", "1", "--"] + run.options("cut"))
      try await eventually("the first checkpoint") { run.lastStep("cut") > 600 }
      let cut = ContinuousClock.now
      #expect(try MPILaunch.run(launcher("testbed"), ["cut", "3"], ranks: nil).exitCode == 0)
      try #require(run.lastStep("cut") < run.steps - 2000, "too late to cut anything")
      let log = "\(run.directory("cut"))/launch.log"
      try await eventually("a restart") {
        try String(contentsOfFile: log, encoding: .utf8).contains("left out node3, which does not answer")
      }
      #expect(ContinuousClock.now - cut < .seconds(60))
      let outcome = try await cluster.end()
      #expect(outcome.exitCode == 0, "\(outcome.output) \(outcome.errorOutput)")
      #expect(outcome.errorOutput.contains("starting 4 ranks on node1 node2 node3 node4"))
      #expect(outcome.errorOutput.contains("starting 2 ranks on node1 node2"))
      #expect(try run.result("cut") == expected)
      try expectNothingLeft()
    }

    /// A classifier, whose configuration shows by none of its sections what it is for.
    @Test func aKilledRankOfAClassifierCostsARestartAndNoBit() async throws {
      let run = try SmallRun(steps: 12000, command: "finetune")
      defer { run.remove() }
      let expected = try run.undisturbed()
      let cluster = RunningLauncher(
        "testbed",
        ["2", "--", "bash", "-c", "exec \"$0\" --hostfile $TESTBED_HOSTFILE \"$@\"", launcher("cluster")]
          + ["--mae", try mae(), "--back-off", "1", "--kill-timeout", "1", "--"] + run.launched("killed"))
      try await eventually("the first checkpoint") { run.lastStep("killed") > 600 }
      kill(try run.process(rank: 1, of: "killed"), SIGKILL)
      let outcome = try await cluster.end()
      #expect(outcome.exitCode == 0, "\(outcome.output) \(outcome.errorOutput)")
      #expect(outcome.errorOutput.contains("starting 2 ranks on node1 node2"))
      #expect(outcome.errorOutput.contains("restart 1 of 20 in 1 s"))
      #expect(outcome.output.contains("resumed after step"))
      #expect(try run.result("killed") == expected)
      try expectNothingLeft()
    }

    @Test(arguments: [SIGINT, SIGTERM]) func aSignalLeavesNothingBehind(signal: Int32) async throws {
      let process = try SpawnedProcess([launcher("testbed"), "2", "--", "sleep", "100"])
      defer { process.send(SIGTERM) }
      try await eventually("two hosts") { try namespaces().count == 3 }
      try await Task.sleep(for: .milliseconds(300))
      process.send(signal)
      try await eventually("the end of the testbed", seconds: 10) { !process.isRunning }
      try expectNothingLeft()
    }

    /// A testbed that is killed cannot clean up; the next one does.
    @Test func theNextTestbedRemovesWhatAKilledOneLeft() async throws {
      let process = try SpawnedProcess([launcher("testbed"), "3", "--", "sleep", "100"])
      try await eventually("three hosts") { try namespaces().count == 4 }
      process.send(SIGKILL)
      try await eventually("the end of the testbed") { !process.isRunning }
      #expect(try namespaces().count == 4)
      let outcome = try MPILaunch.run(launcher("testbed"), ["1", "--", "false"], ranks: nil)
      #expect(outcome.exitCode == 1, "the exit code of the command: \(outcome.errorOutput)")
      try expectNothingLeft()
    }

    @Test(arguments: [
      ([], "how many hosts? launch/testbed --help tells more"),
      (["many"], "many is no number of hosts; launch/testbed --help tells more"),
      (["2"], "no command given; write it behind --"),
      (["2", "--speed", "1", "--", "true"], "unknown option --speed; launch/testbed --help lists all"),
      (["cut"], "cut needs the number of one host"),
      (["cut", "7"], "there is no host node7 in a running testbed"),
    ]) func wrongUseGetsASentence(arguments: [String], sentence: String) throws {
      let outcome = try MPILaunch.run(launcher("testbed"), arguments, ranks: nil)
      #expect(outcome.exitCode == 2)
      #expect(outcome.errorOutput == "launch/testbed: \(sentence)\n")
    }

    private func namespaces() throws -> [String] {
      let outcome = try MPILaunch.run("/usr/bin/env", ["ip", "netns", "list"], ranks: nil)
      try #require(outcome.exitCode == 0, "\(outcome.errorOutput)")
      return outcome.output.split(separator: "\n").map(String.init).filter { $0.hasPrefix("mae-") }
    }

    private func expectNothingLeft() throws {
      #expect(try namespaces() == [])
      let links = try MPILaunch.run("/usr/bin/env", ["ip", "link", "show", "type", "veth"], ranks: nil)
      #expect(links.output == "")
      #expect(try !String(contentsOfFile: "/etc/hosts", encoding: .utf8).contains("10.77."))
      #expect(!FileManager.default.fileExists(atPath: "/run/swiftmae-testbed"))
      #expect(!FileManager.default.fileExists(atPath: "/etc/netns/mae-1"))
    }
  }
}
