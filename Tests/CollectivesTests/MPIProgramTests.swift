import Foundation
import MPILaunch
import Testing

/// Runs `collectives-check` (Tests/MPIPrograms) under mpirun. One job at a time: each already has more ranks than a
/// small machine has cores.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct MPIProgramTests {
  private func run(
    _ arguments: [String], ranks: Int?, environment: [String: String] = [:]
  ) throws -> MPILaunch.Outcome {
    let program = try MPILaunch.builtProgram("collectives-check")
    return try MPILaunch.run(program, arguments, ranks: ranks, environment: environment)
  }

  /// The hash line of the sums, after all the program's own checks have passed.
  private func hash(
    _ arguments: [String] = [], check: String = "sums", ranks: Int?, environment: [String: String] = [:]
  ) throws -> String {
    let outcome = try run([check] + arguments, ranks: ranks, environment: environment)
    try #require(outcome.exitCode == 0, "\(ranks ?? 0) ranks: \(outcome.output) \(outcome.errorOutput)")
    let line = try #require(outcome.output.split(separator: "\n").first { $0.hasPrefix("hash ") })
    return String(line)
  }

  @Test func sumsHaveTheSameBitsAtAnyPowerOfTwoOfRanks() throws {
    let alone = try hash(ranks: nil)
    for ranks in [1, 2, 4, 8] {
      #expect(try hash(ranks: ranks) == alone, "\(ranks) ranks")
    }
  }

  /// Messages in many small segments, so that one rank runs ahead of the other; short vectors in halves; long ones
  /// whole: other ways, the same additions.
  @Test(arguments: [["0", "64", "3"], ["0", "1000", "1"], ["1048576", "1048576", "2"]])
  func tuningDoesNotChangeBits(tuning: [String]) throws {
    #expect(try hash(tuning, ranks: 4) == hash(ranks: nil))
  }

  @Test func theWayBetweenProcessesDoesNotChangeBits() throws {
    #expect(try hash(["0", "1000", "4"], ranks: 4, environment: ["OMPI_MCA_btl": "tcp,self"]) == hash(ranks: nil))
  }

  @Test(arguments: [3, 5]) func otherNumbersOfRanksAreRightAndRepeatable(ranks: Int) throws {
    let first = try hash(ranks: ranks)
    #expect(try hash(["0", "1000", "4"], ranks: ranks) == first)
    // If these were the tree's bits too, the comparison of hashes above could not fail.
    #expect(try first != hash(ranks: nil))
  }

  /// The program itself holds each sum against one by hand and against the bound on its error.
  @Test(arguments: [2, 3, 4, 8]) func sumsThatCrossAsBFloat16RepeatWhateverTheWay(ranks: Int) throws {
    let first = try hash(check: "bf16", ranks: ranks)
    #expect(try hash(["0", "64", "5"], check: "bf16", ranks: ranks) == first)
    #expect(try hash(["4000000", "1000", "2"], check: "bf16", ranks: ranks) == first)
    #expect(try hash(check: "bf16", ranks: ranks, environment: ["OMPI_MCA_btl": "tcp,self"]) == first)
  }

  @Test func onOneRankNothingIsRounded() throws {
    #expect(try hash(check: "bf16", ranks: 1) == hash(ranks: 1))
  }

  @Test(arguments: [1, 2, 3, 4]) func bytesNumbersAndTextArrive(ranks: Int) throws {
    let outcome = try run(["bytes"], ranks: ranks)
    #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
  }

  @Test(arguments: [nil, 1, 2, 4]) func exchangeSumsWhileBackwardGoesOn(ranks: Int?) throws {
    let outcome = try run(["exchange"], ranks: ranks)
    #expect(outcome.exitCode == 0, "\(outcome.errorOutput)")
  }

  /// The shorter rank's receive fails inside MPI; the longer one's comes up short.
  @Test(arguments: ["unequal", "unequal-exchange"]) func mpiErrorsAreTypedAndNamed(check: String) throws {
    let outcome = try run([check], ranks: 2)
    #expect(outcome.exitCode == 3, "\(outcome.errorOutput)")
    #expect(
      outcome.output.contains("rank 0 caught failedCall: MPI_Test failed on rank 0: MPI_ERR_TRUNCATE"),
      "\(outcome.output)")
    #expect(
      outcome.output.contains("rank 1 caught unequalLengths: rank 1 expected 1000 floats from rank 0"),
      "\(outcome.output)")
  }

  @Test(arguments: [2, 4]) func oneRankThatAbortsEndsAll(ranks: Int) throws {
    let outcome = try run(["abort"], ranks: ranks)
    #expect(outcome.exitCode == 7)
    #expect(!outcome.output.contains("went on"))
    // Nothing but start-up takes time; a rank left waiting would take for ever.
    #expect(outcome.seconds < 30)
  }

  @Test func ranksKnowTheirHostAndTheirSettings() throws {
    let outcome = try run(["settings"], ranks: 2)
    let lines = outcome.output.split(separator: "\n").sorted()
    try #require(lines.count == 2, "\(outcome.output) \(outcome.errorOutput)")
    for (rank, line) in lines.enumerated() {
      #expect(line.hasPrefix("rank \(rank) of 2 on "))
      #expect(line.hasSuffix(" with [0, 1], yield 1"))
    }
  }

  @Test func settingsOfTheUserStay() throws {
    let outcome = try run(["settings"], ranks: 1, environment: ["OMPI_MCA_mpi_yield_when_idle": "0"])
    #expect(outcome.output.hasSuffix("yield 0\n"), "\(outcome.output) \(outcome.errorOutput)")
  }

  @Test func withoutMpirunNothingIsToldToOpenMPI() throws {
    let outcome = try run(["settings"], ranks: nil)
    #expect(outcome.output.hasSuffix("with [0], yield unset\n"), "\(outcome.output) \(outcome.errorOutput)")
  }

  /// The deadline of these tests themselves: a job that hangs is ended, ranks and all.
  @Test func aJobThatHangsIsEnded() throws {
    let start = ContinuousClock.now
    #expect(throws: MPILaunch.Failure.self) {
      try MPILaunch.run("/bin/sleep", ["1234.5"], ranks: 2, deadlineSeconds: 2)
    }
    #expect(ContinuousClock.now - start < .seconds(30))
    let commands = try FileManager.default.contentsOfDirectory(atPath: "/proc")
      .compactMap { FileManager.default.contents(atPath: "/proc/\($0)/cmdline") }
    #expect(!commands.contains(Data("/bin/sleep\01234.5\0".utf8)))
  }

  /// A launcher of another MPI: each process would come up alone, and write over the others' run.
  @Test func aForeignLauncherIsRefused() throws {
    let outcome = try run(["settings"], ranks: nil, environment: ["PMI_RANK": "0", "PMI_SIZE": "2"])
    #expect(outcome.exitCode == 2)
    #expect(outcome.errorOutput.contains("started 2 processes but MPI connected 1"), "\(outcome.errorOutput)")
  }
}
