import Foundation

/// Runs a program of this package under mpirun, for tests. A missing mpirun is an error, so that no test passes by
/// skipping.
public struct MPILaunch {
  public typealias Outcome = MPIJob.Outcome

  public enum Failure: Error, CustomStringConvertible {
    case missing(program: String)
    case overdue(command: String, seconds: Double, output: String)

    public var description: String {
      switch self {
      case .missing(let program):
        "\(program) is not there: install openmpi-bin, or build the package"
      case .overdue(let command, let seconds, let output):
        "\(command) did not end within \(seconds) seconds and was ended; it had written: \(output)"
      }
    }
  }

  /// Path of an executable target of this package, which lies beside the running test program.
  public static func builtProgram(_ name: String) throws -> String {
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let path = URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent(name).path
    guard FileManager.default.isExecutableFile(atPath: path) else { throw Failure.missing(program: path) }
    return path
  }

  /// Starts a job and does not wait for it.
  ///
  /// - Parameters:
  ///   - ranks: how many processes mpirun starts; nil runs the program by itself, without mpirun.
  ///   - environment: added to this process's environment.
  public static func start(
    _ program: String, _ arguments: [String], ranks: Int?, environment: [String: String] = [:]
  ) throws -> MPIJob {
    var command = [program] + arguments
    if let ranks {
      command = [try findInPath("mpirun")] + mpirunOptions + ["-np", "\(ranks)"] + command
    }
    return try MPIJob(
      command,
      environment: SpawnedProcess.inheritedEnvironment
        .merging(settings) { _, ours in ours }
        .merging(environment) { _, callers in callers })
  }

  /// Starts a job and waits for its end.
  ///
  /// - Parameters:
  ///   - ranks, environment: as for `start`.
  ///   - deadlineSeconds: after which the job is ended and the call throws.
  public static func run(
    _ program: String, _ arguments: [String], ranks: Int?, environment: [String: String] = [:],
    deadlineSeconds: Double = 120
  ) throws -> Outcome {
    try start(program, arguments, ranks: ranks, environment: environment).wait(deadlineSeconds: deadlineSeconds)
  }

  private static let mpirunOptions = ["--oversubscribe", "--bind-to", "none"]

  /// What Open MPI needs to run as root and in containers that refuse reading another process's memory. And when a rank
  /// leaves with an error, mpirun waits twice for its kill timeout before it ends: with its default of a second, whatever
  /// a launcher set.
  private static let settings = [
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_btl_vader_single_copy_mechanism": "none",
    "OMPI_MCA_odls_base_sigkill_timeout": "1",
  ]

  private static func findInPath(_ program: String) throws -> String {
    let folders = (SpawnedProcess.inheritedEnvironment["PATH"] ?? "").split(separator: ":")
    let candidates = folders.map { "\($0)/\(program)" }
    guard let found = candidates.first(where: FileManager.default.isExecutableFile) else {
      throw Failure.missing(program: program)
    }
    return found
  }
}
