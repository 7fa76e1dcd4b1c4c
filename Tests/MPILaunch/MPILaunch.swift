import Foundation

/// Runs a program of this package under mpirun, for tests. A missing mpirun is an error, so that no test passes by
/// skipping.
public struct MPILaunch {
  /// What is left when the job has ended.
  public struct Outcome: Sendable {
    public let exitCode: Int32
    public let output: String
    public let errorOutput: String
    public let seconds: Double
  }

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

  /// - Parameters:
  ///   - ranks: how many processes mpirun starts; nil runs the program by itself, without mpirun.
  ///   - environment: added to this process's environment.
  ///   - deadlineSeconds: after which the job is ended and the call throws.
  public static func run(
    _ program: String, _ arguments: [String], ranks: Int?, environment: [String: String] = [:],
    deadlineSeconds: Double = 120
  ) throws -> Outcome {
    var command = [program] + arguments
    if let ranks {
      let options = ["-np", "\(ranks)", "--oversubscribe", "--bind-to", "none"]
      command = [try findInPath("mpirun")] + options + command
    }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("mpi-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // Files, not pipes: a full pipe would stop the job while nobody reads.
    let outputs = try ["output", "errors"].map { name in
      let file = folder.appendingPathComponent(name)
      try Data().write(to: file)
      return (file: file, handle: try FileHandle(forWritingTo: file))
    }

    let process = Process()
    process.executableURL = URL(fileURLWithPath: command[0])
    process.arguments = Array(command.dropFirst())
    process.environment = ProcessInfo.processInfo.environment
      .merging(containerSettings) { _, ours in ours }
      .merging(environment) { _, callers in callers }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = outputs[0].handle
    process.standardError = outputs[1].handle
    let ended = DispatchSemaphore(value: 0)
    process.terminationHandler = { _ in ended.signal() }
    let start = ContinuousClock.now
    try runWithSignals(process)
    let isOverdue = ended.wait(timeout: .now() + deadlineSeconds) == .timedOut
    if isOverdue {
      // mpirun passes a termination on to its ranks; a kill would leave them behind.
      process.terminate()
      if ended.wait(timeout: .now() + 10) == .timedOut {
        kill(process.processIdentifier, SIGKILL)
      }
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let texts = try outputs.map { String(decoding: try Data(contentsOf: $0.file), as: UTF8.self) }
    if isOverdue {
      throw Failure.overdue(
        command: command.joined(separator: " "), seconds: deadlineSeconds, output: texts.joined())
    }
    return Outcome(
      exitCode: process.terminationStatus, output: texts[0], errorOutput: texts[1], seconds: seconds)
  }

  /// Starts a process that signals reach. It inherits the mask of the thread that starts it, and tests run on threads
  /// of Dispatch, which block nearly all signals: mpirun would never hear that it should end. It inherits what is
  /// ignored, too, and a shell cannot undo that.
  public static func runWithSignals(_ process: Process) throws {
    var none = sigset_t()
    var before = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    let interrupt = signal(SIGINT, SIG_DFL)
    defer {
      signal(SIGINT, interrupt)
      pthread_sigmask(SIG_SETMASK, &before, nil)
    }
    try process.run()
  }

  /// What Open MPI needs to run as root and in containers that refuse reading another process's memory.
  private static let containerSettings = [
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_btl_vader_single_copy_mechanism": "none",
  ]

  private static func findInPath(_ program: String) throws -> String {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    let candidates = folders.map { "\($0)/\(program)" }
    guard let found = candidates.first(where: FileManager.default.isExecutableFile) else {
      throw Failure.missing(program: program)
    }
    return found
  }
}
