import Foundation
import MPILaunch
import Testing

extension ClusterSuite {
  /// What launch/cluster says of hosts that have no part in the run, and what it does not try.
  @Suite(.serialized) struct HostReportTests {
    /// Runs lines of bash that have the functions of launch/hosts.
    private func withHosts(_ hostfile: String, _ script: String) throws -> String {
      let all = "set -euo pipefail; . \"$1\"; read_hosts <(tr , '\\n' <<<\"$2\"); \(script)"
      let outcome = try MPILaunch.run(
        "/usr/bin/env", ["bash", "-c", all, "-", launcher("hosts"), hostfile], ranks: nil)
      return outcome.output + outcome.errorOutput
    }

    @Test(arguments: [
      ("a,b,c", "0 1 2", 8, "idle: c; there are slots for 3 ranks, but bits are equal only on a power of two", "2"),
      ("a,b,c,d", "0 1 2 3", 6, "idle: c d; there are slots for 4 ranks, but bits are equal only on a power", "2"),
    ]) func idleHostsAreExplained(
      hostfile: String, live: String, virtualWorkers: Int, sentence: String, ranks: String
    ) throws {
      let said = try withHosts(
        hostfile,
        "live_hosts=(\(live)); choose_ranks \(virtualWorkers); place_ranks; explain_idle_hosts \(virtualWorkers)")
      #expect(said.hasPrefix(sentence), "\(said)")
      #expect(said.hasSuffix("the \(virtualWorkers) virtual workers, and the largest is \(ranks)\n"), "\(said)")
    }

    @Test func hostsThatAllWorkNeedNoWord() throws {
      #expect(
        try withHosts("a,b", "live_hosts=(0 1); choose_ranks 8; place_ranks; explain_idle_hosts 8") == "")
    }

    @Test func threadsThatAHostHasNoCoresForAreRefused() throws {
      let placed = "live_hosts=(0 1); host_cores=(16 2); choose_ranks 8; place_ranks"
      #expect(
        try withHosts("a slots=2,b slots=2", "\(placed); check_threads 16 || echo refused")
          == "--threads is 16, but a has 16 cores for its 2 ranks; give 8 or less, or leave it out\nrefused\n")
      #expect(
        try withHosts("a,b", "\(placed); check_threads 16 || echo refused")
          == "--threads is 16, but b has 2 cores for its 1 rank; give 2 or less, or leave it out\nrefused\n")
      #expect(try withHosts("a,b", "\(placed); check_threads 2") == "")
    }

    /// An agent that knows one host only, and says of others what ssh says.
    private func cluster(_ run: SmallRun, _ options: [String] = []) throws -> MPILaunch.Outcome {
      let agent = run.directory("agent")
      try """
      #!/bin/bash
      host=$1; shift
      if [ "$host" != here ]; then echo "ssh: Could not resolve hostname $host: Name or service not known" >&2; exit 255; fi
      exec bash -c "$*"

      """.write(toFile: agent, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: agent)
      try "localhost slots=2\nnowhere slots=2\n".write(to: run.hosts, atomically: true, encoding: .utf8)
      return try MPILaunch.run(
        launcher("cluster"),
        ["--hostfile", run.hosts.path, "--agent", agent, "--mae", try mae(), "--kill-timeout", "1"] + options
          + ["--"] + run.options("run"), ranks: nil)
    }

    @Test func aHostThatDoesNotAnswerIsNamedWithTheReasonAndNotLeftOutUnasked() throws {
      let run = try SmallRun(steps: 5)
      defer { run.remove() }
      let outcome = try cluster(run)
      #expect(outcome.exitCode == 1)
      #expect(
        outcome.errorOutput == """
          launch/cluster: left out nowhere, which does not answer (ssh: Could not resolve hostname nowhere: Name or service \
          not known)
          launch/cluster: 1 of the 2 hosts of \(run.hosts.path) answer; mend that, or begin with them: --min-hosts 1

          """)
      let fewer = try cluster(run, ["--min-hosts", "1"])
      #expect(fewer.exitCode == 0, "\(fewer.errorOutput)")
      #expect(fewer.errorOutput.contains("launch/cluster: starting 2 ranks on localhost\n"))
    }

    @Test func moreThreadsThanCoresAreRefusedBeforeTheJob() throws {
      let run = try SmallRun(steps: 5)
      defer { run.remove() }
      let outcome = try cluster(run, ["--min-hosts", "1", "--threads", "999"])
      #expect(outcome.exitCode == 2)
      #expect(outcome.errorOutput.contains("launch/cluster: --threads is 999, but localhost has "))
    }

    /// Found by the ranks, and no fault of a host.
    @Test func aFailureBeforeTheFirstStepIsNotTriedAgain() throws {
      let run = try SmallRun(steps: 5)
      defer { run.remove() }
      try FileManager.default.removeItem(at: run.folder.appendingPathComponent("data"))
      let outcome = try cluster(run, ["--min-hosts", "1"])
      #expect(outcome.exitCode == 1)
      #expect(
        outcome.errorOutput.contains(
          "the job failed before its first step, for a reason that another try would meet again. It was at step 0"))
      #expect(outcome.errorOutput.contains("  | mae: cannot read \(run.folder.path)/data"))
      #expect(!outcome.errorOutput.contains("restart"))
    }

    @Test(arguments: ["cluster", "local", "soak", "testbed", "bench-network"])
    func aLinkToALauncherFindsItsFolder(name: String) throws {
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent("link-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      let link = folder.appendingPathComponent(name).path
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: launcher(name))
      // `local` hands all that it is given on to the program.
      let outcome = try MPILaunch.run(link, name == "local" ? ["--config", "x"] : ["--help"], ranks: nil)
      #expect(!outcome.errorOutput.contains("No such file"), "\(outcome.errorOutput)")
      #expect(outcome.exitCode == (name == "local" ? 2 : 0), "\(outcome.errorOutput)")
    }

    /// The words are the same for all launchers.
    @Test(arguments: [
      (["--config", "x"], "pretrain"), (["pretrain", "--config", "x"], "pretrain"),
      (["finetune", "--config", "x"], "finetune"),
    ]) func theFirstWordMayBeACommand(words: [String], command: String) throws {
      let outcome = try MPILaunch.run(launcher("local"), words, ranks: nil)
      #expect(outcome.exitCode == 2)
      #expect(outcome.errorOutput.contains("'--run-dir <DIR>'"), "\(outcome.errorOutput)")
      #expect(outcome.errorOutput.contains("mae \(command)"), "\(outcome.errorOutput)")
    }
  }
}
