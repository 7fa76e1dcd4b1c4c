import Foundation
import MPILaunch
import Testing

extension ProgramTests {
  /// Ranks that were not all told the same, or that do not all come: every one of them ends, with a sentence.
  @Suite struct Start {
    private let settings = ["train.steps=4"]

    private func sentences(_ outcome: MPILaunch.Outcome) -> [Substring] {
      outcome.errorOutput.split(separator: "\n").filter { $0.hasPrefix("mae: ") }
    }

    /// An option on one rank alone, the one that speaks or another: what all ranks say of it.
    @Test(arguments: [
      (["--bogus"], "Unknown option '--bogus'"), (["--debug"], "(--debug: false -> true)"),
      (["--resume", "none"], "(--resume: auto -> none)"), (["--init-from", "FOLDER"], "(--init-from: not given -> "),
      (["--allow-recipe-change"], "(--allow-recipe-change: false -> true)"),
      (["--set", "train.epochs=0"], "train.epochs"), (["--config", "nowhere.yaml"], "nowhere.yaml"),
      (["--set", "watchdog.factor=30"], "(watchdog.factor: 20.0 -> 30.0)"),
      (["--help"], "it was asked for help and the others were not"),
    ])
    func anOptionOnOneRankIsNamed(option: [String], named: String) throws {
      let bench = try Workbench()
      let usual = bench.arguments("run", settings)
      let odd = bench.arguments("run", settings, options: option)
      for rank in [0, 1] {
        let outcome = try bench.startUnequalRanks(rank == 0 ? odd : usual, rank == 0 ? usual : odd)
          .wait(deadlineSeconds: 30)
        #expect(outcome.exitCode == 2, "\(outcome.errorOutput)")
        let sentences = sentences(outcome)
        #expect(sentences.count == 1, "\(outcome.errorOutput)")
        if named.hasPrefix("("), rank == 0 {
          #expect(sentences.first?.contains("rank 1 was given another configuration than rank 0") == true)
        } else {
          #expect(sentences.first?.contains("rank \(rank)") == true, "\(outcome.errorOutput)")
          #expect(sentences.first?.contains(named) == true, "\(outcome.errorOutput)")
        }
      }
      #expect(!FileManager.default.fileExists(atPath: "\(bench.path)/run"))
    }

    @Test func anOptionThatNobodyKnowsIsSaidOnce() throws {
      let bench = try Workbench()
      let outcome = try bench.pretrain("run", settings, options: ["--bogus"], ranks: 2)
      #expect(outcome.exitCode == 2)
      #expect(outcome.errorOutput.components(separatedBy: "Unknown option '--bogus'").count == 2)
    }

    /// What belongs to the machine may differ, whichever rank leaves it to the program.
    @Test(arguments: [0, 1]) func threadsMayBeSetForOneRank(rank: Int) throws {
      let bench = try Workbench(
        configuration: tinyConfiguration.replacingOccurrences(of: "threads: 1", with: "threads: null"))
      let open = bench.arguments("run", settings)
      let set = bench.arguments("run", settings + ["parallel.threads=1"])
      let outcome = try bench.startUnequalRanks(rank == 0 ? set : open, rank == 0 ? open : set)
        .wait(deadlineSeconds: 30)
      #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
    }

    /// Another file of the same version: a copy that differs in a byte that is not part of the program.
    @Test func anotherProgramOnOneRankIsNamed() throws {
      let bench = try Workbench()
      let program = try MPILaunch.builtProgram("mae")
      let other = "\(bench.path)/mae"
      try bench.write(try #require(FileManager.default.contents(atPath: program)) + Data([0]), to: "mae")
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: other)
      let usual = bench.arguments("run", settings)
      let outcome = try MPILaunch.start(program, usual + [":", "-np", "1", other] + usual, ranks: 1)
        .wait(deadlineSeconds: 30)
      #expect(outcome.exitCode == 2)
      #expect(
        outcome.errorOutput.contains(
          /rank 1 was given another .* \(program: mae [\d.]+ of \w{32} -> mae [\d.]+ of \w{32}\)/),
        "\(outcome.errorOutput)")
    }

    @Test func aFaultThatOneRankAloneIsAskedForIsNamed() throws {
      let bench = try Workbench()
      let program = try MPILaunch.builtProgram("mae")
      let usual = bench.arguments("run", settings)
      let job = try MPILaunch.start(
        program, usual + [":", "-np", "1", "env", "MAE_FAULT=nan:step=2:rank=1", program] + usual, ranks: 1)
      let outcome = try job.wait(deadlineSeconds: 30)
      #expect(outcome.exitCode == 2)
      #expect(outcome.errorOutput.contains("(MAE_FAULT: not set -> nan:step=2:rank=1)"), "\(outcome.errorOutput)")
    }

    /// A program in the place of a rank that never enters MPI, as one that waits for its file system.
    @Test func aRankThatNeverComesIsNamed() throws {
      let bench = try Workbench()
      let program = try MPILaunch.builtProgram("mae")
      let usual = bench.arguments("run", settings)
      let job = try MPILaunch.start(
        program, usual + [":", "-np", "1", "sleep", "60"], ranks: 1, environment: ["MAE_START_SECONDS": "3"])
      let outcome = try job.wait(deadlineSeconds: 30)
      #expect(outcome.exitCode == 1)
      #expect(
        outcome.errorOutput.contains(
          /mae: rank 0 on host \S+ has waited 3.0 s for all 2 ranks to start: rank 1 has not begun\. Ending the job/),
        "\(outcome.errorOutput)")
    }

    /// A rank whose folder of images is on a file system that no longer answers, before any step is watched.
    @Test func aRankThatDoesNotGetReadyIsNamed() throws {
      let bench = try Workbench()
      try bench.writePNGs(to: "first")
      try bench.writePNGs(to: "second")
      let limits = settings + ["watchdog.floor_seconds=1", "watchdog.first_steps_seconds=4"]
      let job = try bench.startUnequalRanks(
        bench.arguments("run", limits + ["data.path=\(bench.path)/first"]),
        bench.arguments("run", limits + ["data.path=\(bench.path)/second"]),
        secondThrough: [
          "strace", "-f", "-qq", "-o", "/dev/null", "-P", "\(bench.path)/second", "-e", "inject=openat:delay_enter=60s",
        ])
      let outcome = try job.wait(deadlineSeconds: 40)
      #expect(outcome.exitCode == 1)
      let late = /rank (\d) on host \S+: getting ready takes longer than 4.0 s; this rank ([a-z ]+)/
      let said = outcome.errorOutput.matches(of: late).map { "\($0.1) \($0.2)" }
      #expect(
        Set(said) == ["0 waits for others", "1 is at work on data"], "\(outcome.errorOutput)")
    }

    @Test func anUnreadableLimitIsRefused() throws {
      let bench = try Workbench()
      let outcome = try bench.pretrain("run", settings, ranks: 2, environment: ["MAE_START_SECONDS": "soon"])
      #expect(outcome.exitCode == 2)
      #expect(outcome.errorOutput.contains("MAE_START_SECONDS is \"soon\", which is no number of seconds"))
    }
  }
}
