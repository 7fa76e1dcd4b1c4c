import Foundation
import MPILaunch
import Testing

extension ClusterSuite {
  /// launch/cluster and launch/slurm.sbatch with two ranks on this host.
  @Suite(.serialized) struct SupervisorTests {
    @Test func aKilledRankCostsARestartAndNoBit() async throws {
      let run = try SmallRun(steps: 8000)
      defer { run.remove() }
      let expected = try run.undisturbed()
      let cluster = try start(run, "killed")
      try await eventually("the first checkpoint") { run.lastStep("killed") > 600 }
      kill(try run.process(rank: 1, of: "killed"), SIGKILL)
      let outcome = try await cluster.end()
      #expect(outcome.exitCode == 0, "\(outcome.output) \(outcome.errorOutput)")
      #expect(outcome.errorOutput.contains("restart 1 of 20 in 1 s"))
      #expect(outcome.output.contains("resumed after step"))
      #expect(try run.result("killed") == expected)
    }

    /// The stopped rank cannot say anything; the one that waits for it does.
    @Test func aStoppedRankIsReportedByTheWatchdogOfTheOther() async throws {
      let run = try SmallRun(steps: 8000)
      defer { run.remove() }
      let expected = try run.undisturbed()
      let cluster = try start(run, "stopped", ["watchdog.floor_seconds=3", "watchdog.first_steps_seconds=30"])
      try await eventually("the first checkpoint") { run.lastStep("stopped") > 600 }
      kill(try run.process(rank: 1, of: "stopped"), SIGSTOP)
      let outcome = try await cluster.end()
      #expect(outcome.exitCode == 0, "\(outcome.output) \(outcome.errorOutput)")
      let report = try #require(outcome.output.firstMatch(of: /mae: rank 0 on host \S+: watchdog: step \d+ .*/))
      #expect(report.output.contains("takes longer than 3 s"))
      #expect(report.output.hasSuffix("this rank is in allreduce. Ending the job unless it goes on."))
      #expect(outcome.errorOutput.contains("restart 1 of 20"))
      #expect(try run.result("stopped") == expected)
    }

    /// A learning rate that overflows ends every attempt at the same step.
    @Test func aCrashThatRepeatsEndsWithADiagnosis() async throws {
      let run = try SmallRun(steps: 100)
      defer { run.remove() }
      let outcome = try await start(run, "loop", ["train.base_learning_rate=1e38"]).end()
      #expect(outcome.exitCode == 1)
      #expect(outcome.errorOutput.contains("restart 1 of 20 in 1 s"))
      #expect(outcome.errorOutput.contains("restart 2 of 20 in 2 s"), "without progress it waits twice as long")
      #expect(outcome.errorOutput.contains("the job failed for the third time at the same step (code 1)"))
      #expect(outcome.errorOutput.contains("It was at step 3 (newest checkpoint: step 2)."))
      #expect(outcome.errorOutput.contains("  | mae: step 3 is not finite"), "the last lines of the log")
    }

    /// mpirun tells the ranks, which stop as asked, and has an exit code of its own.
    @Test(arguments: [SIGTERM, SIGINT]) func mpirunThatIsToldToEndStopsTheRun(signal: Int32) async throws {
      let run = try SmallRun(steps: 1_000_000)
      defer { run.remove() }
      let cluster = try start(run, "told")
      try await eventually("some steps") { run.lastStep("told") > 20 }
      kill(try parent(of: run.process(rank: 0, of: "told")), signal)
      let outcome = try await cluster.end()
      #expect(outcome.exitCode == 75, "\(outcome.errorOutput)")
      #expect(outcome.errorOutput.contains("launch/cluster: the job was asked to stop (newest checkpoint: step "))
      #expect(!outcome.errorOutput.contains("restart"))
      #expect(try run.result("told").first == "step: \(run.lastStep("told"))")
    }

    /// Steps of many seconds: the first interrupt waits for the end of one, the second does not.
    @Test func aSecondInterruptEndsAtOnce() async throws {
      let run = try SmallRun(steps: 100)
      defer { run.remove() }
      try "localhost slots=2\n".write(to: run.hosts, atomically: true, encoding: .utf8)
      let slow = [
        "model.image_size=128", "model.patch_size=4", "model.encoder.width=256", "model.encoder.depth=8",
        "train.batch_size=80",
      ]
      let job = try MPILaunch.start(
        launcher("cluster"), ["--hostfile", run.hosts.path, "--mae", try mae(), "--"] + run.options("slow", slow),
        ranks: nil)
      // It is there once the run can no longer stop before its first step.
      let log = "\(run.directory("slow"))/log.jsonl"
      try await eventually("the first step") { FileManager.default.fileExists(atPath: log) }
      let ranks = try (0..<2).map { try run.process(rank: $0, of: "slow") }
      try job.send(SIGINT)
      try await Task.sleep(for: .milliseconds(500))
      #expect(job.isRunning)
      try job.send(SIGINT)
      let outcome = try job.wait(deadlineSeconds: 3)
      #expect(outcome.exitCode == 130, "\(outcome.output) \(outcome.errorOutput)")
      try await eventually("the end of all ranks", seconds: 10) { ranks.allSatisfy { kill($0, 0) != 0 } }
    }

    @Test func restartsAreBounded() async throws {
      let run = try SmallRun(steps: 100)
      defer { run.remove() }
      let options = ["--max-restarts", "0"]
      let outcome = try await start(run, "bound", ["train.base_learning_rate=1e38"], options: options).end()
      #expect(outcome.exitCode == 1)
      #expect(outcome.errorOutput.contains("the job failed (code 1), and there were 0 restarts already."))
    }

    @Test func wrongConfigurationIsNotTriedAgain() async throws {
      let run = try SmallRun(steps: 100)
      defer { run.remove() }
      let outcome = try await start(run, "wrong", ["train.batch_sise=1"]).end()
      #expect(outcome.exitCode == 2)
      #expect(outcome.errorOutput.contains("train.batch_sise is not a known key"))
      // Found by the ranks only: the recipe of the checkpoint is another.
      #expect(try await start(run, "changed").end().exitCode == 0)
      let changed = try await start(run, "changed", ["train.seed=7"]).end()
      #expect(changed.exitCode == 2)
      #expect(!changed.errorOutput.contains("restart"))
    }

    /// As Slurm sends it before the time limit; its own programs are stood in for.
    @Test(arguments: ["pretrain", "finetune"])
    func slurmSignalStopsWithACheckpointAndQueuesTheJobAgain(command: String) async throws {
      let run = try SmallRun(steps: 1_000_000, command: command)
      defer { run.remove() }
      try run.standIn(
        for: "scontrol", "if [ $1 = show ]; then hostname; else echo \"$@\" >>\(run.directory("requeued")); fi")
      try run.standIn(for: "srun", "exit 1")
      let process = try SpawnedProcess(
        [launcher("slurm.sbatch"), "--mae", try mae(), "--kill-timeout", "1", "--"] + run.launched("slurm"),
        environment: SpawnedProcess.inheritedEnvironment.merging([
          "PATH": "\(run.folder.path):\(SpawnedProcess.inheritedEnvironment["PATH"] ?? "")",
          "SLURM_JOB_ID": "17", "SLURM_JOB_NODELIST": "n[1-2]", "SLURM_NTASKS_PER_NODE": "2",
          "SLURM_SUBMIT_DIR": URL(fileURLWithPath: launcher("")).deletingLastPathComponent().path,
          "OMPI_MCA_plm": "rsh", "OMPI_MCA_ras": "^slurm", "OMPI_MCA_ess": "^slurm",
        ]) { _, ours in ours })
      defer { process.send(SIGTERM) }
      try await eventually("some steps") { run.lastStep("slurm") > 20 }
      process.send(SIGUSR1)
      let end = try #require(process.wait(seconds: 30))
      #expect(end.code == 75)
      #expect(try String(contentsOfFile: run.directory("requeued"), encoding: .utf8) == "requeue 17\n")
      #expect(try run.result("slurm").count == 3, "a checkpoint is there")
    }

    @Test func timeLimitStopsWithACheckpoint() throws {
      let run = try SmallRun(steps: 1_000_000)
      defer { run.remove() }
      let outcome = try MPILaunch.run(
        try mae(), ["pretrain"] + run.options("limited", ["train.time_limit=3s"]), ranks: nil)
      #expect(outcome.exitCode == 75)
      #expect(outcome.seconds < 4.5 && outcome.seconds > 1.5)
      #expect(try run.result("limited").count == 3, "a checkpoint is there")
    }

    @Test(arguments: [
      ("0", "is 0s, but must be above 0s"), ("1:30", "must be a length of time such as 23h50m, or a number of seconds"),
      ("3h2", "must be a length of time such as 23h50m, or a number of seconds"),
    ]) func timeLimitsAreRead(text: String, complaint: String) throws {
      let run = try SmallRun(steps: 1)
      defer { run.remove() }
      let config = ["config", "show", "--config", run.configuration.path]
      let bad = try MPILaunch.run(try mae(), config + ["--set", "train.time_limit=\(text)"], ranks: nil)
      #expect(bad.exitCode == 2)
      #expect(bad.errorOutput.contains("train.time_limit \(complaint)"))
      let good = try MPILaunch.run(try mae(), config + ["--set", "train.time_limit=85800"], ranks: nil)
      #expect(good.output.contains("time_limit: 23h50m"))
    }

    @Test(arguments: [
      ([], "no command to run; write it and its options behind --"),
      (["--", "--run-dir", "r"], "name the hosts with --hostfile FILE"),
      (["--hostfile", "nowhere", "--", "finetune", "--run-dir", "r"], "there is no hostfile nowhere"),
      (["--hostfile"], "--hostfile needs a value"),
      (["--threads", "two", "--"], "--threads is two, but must be a whole number"),
      (
        ["--nodes", "2"],
        "unknown option --nodes; the options of mae's command go behind --, and launch/cluster --help lists the others"
      ),
    ]) func wrongUseGetsASentence(arguments: [String], sentence: String) throws {
      let outcome = try MPILaunch.run(launcher("cluster"), arguments, ranks: nil)
      #expect(outcome.exitCode == 2)
      #expect(outcome.errorOutput == "launch/cluster: \(sentence)\n")
    }

    private func parent(of process: pid_t) throws -> pid_t {
      let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
      return try #require(status.firstMatch(of: /PPid:\s+(\d+)/).flatMap { pid_t($0.1) })
    }

    /// Starts launch/cluster with two slots on this host.
    private func start(
      _ run: SmallRun, _ name: String, _ overrides: [String] = [], options: [String] = []
    ) throws -> RunningLauncher {
      try "localhost slots=2  # this one\n".write(to: run.hosts, atomically: true, encoding: .utf8)
      let own = ["--hostfile", run.hosts.path, "--mae", try mae(), "--back-off", "1", "--kill-timeout", "1"]
      return RunningLauncher("cluster", own + options + ["--"] + run.options(name, overrides))
    }
  }
}

extension SmallRun {
  /// Puts a program of this name into the folder.
  fileprivate func standIn(for program: String, _ script: String) throws {
    let path = directory(program)
    try "#!/bin/sh\n\(script)\n".write(toFile: path, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
  }
}
