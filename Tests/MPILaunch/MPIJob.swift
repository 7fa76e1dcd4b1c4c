import Foundation

/// A program that was started, by itself or under mpirun, and has not been waited for yet. One thread uses it.
public final class MPIJob {
  /// What is left when the job has ended.
  public struct Outcome: Sendable {
    public let exitCode: Int32
    /// The signal that ended what was started, if none of its own doing did; mpirun's own code where a rank was.
    public let signal: Int32?
    public let output: String
    public let errorOutput: String
    public let seconds: Double
  }

  private let command: [String]
  private let process = Process()
  private let ended = DispatchSemaphore(value: 0)
  private let start: ContinuousClock.Instant
  private let folder: URL

  init(_ command: [String], environment: [String: String]) throws {
    self.command = command
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("mpi-\(UUID().uuidString)")
    self.folder = folder
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    // Files, not pipes: a full pipe would stop the job while nobody reads.
    let handles = try ["output", "errors"].map { name in
      let file = folder.appendingPathComponent(name)
      try Data().write(to: file)
      return try FileHandle(forWritingTo: file)
    }
    process.executableURL = URL(fileURLWithPath: command[0])
    process.arguments = Array(command.dropFirst())
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = handles[0]
    process.standardError = handles[1]
    process.terminationHandler = { [ended] _ in ended.signal() }
    start = ContinuousClock.now
    try Self.runWithSignals(process)
  }

  deinit {
    if process.isRunning { end() }
    try? FileManager.default.removeItem(at: folder)
  }

  /// Of what was started: the program, or mpirun.
  public var processIdentifier: Int32 { process.processIdentifier }

  public var isRunning: Bool { process.isRunning }

  /// What it has written to standard error so far.
  public var errorOutput: String { text("errors") }

  /// The processes that mpirun started, by rank.
  public var ranks: [Int: Int32] {
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    var ranks: [Int: Int32] = [:]
    for identifier in entries.compactMap(Int32.init) where parent(of: identifier) == processIdentifier {
      let environment = FileManager.default.contents(atPath: "/proc/\(identifier)/environ") ?? Data()
      let variables = environment.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
      let name = "OMPI_COMM_WORLD_RANK="
      if let rank = variables.first(where: { $0.hasPrefix(name) }).flatMap({ Int($0.dropFirst(name.count)) }) {
        ranks[rank] = identifier
      }
    }
    return ranks
  }

  /// - Parameter rank: whom it is sent to; nil is what was started.
  public func send(_ signal: Int32, toRank rank: Int? = nil) throws {
    guard let rank else {
      kill(processIdentifier, signal)
      return
    }
    guard let identifier = ranks[rank] else { throw MPILaunch.Failure.missing(program: "rank \(rank)") }
    kill(identifier, signal)
  }

  /// Waits until it has ended.
  ///
  /// - Parameter deadlineSeconds: after which the job is ended and the call throws.
  public func wait(deadlineSeconds: Double = 120) throws -> Outcome {
    if ended.wait(timeout: .now() + deadlineSeconds) == .timedOut {
      end()
      throw MPILaunch.Failure.overdue(
        command: command.joined(separator: " "), seconds: deadlineSeconds, output: text("output") + text("errors"))
    }
    return Outcome(
      exitCode: process.terminationStatus,
      signal: process.terminationReason == .uncaughtSignal ? process.terminationStatus : nil,
      output: text("output"), errorOutput: text("errors"), seconds: (ContinuousClock.now - start) / .seconds(1))
  }

  private func end() {
    // mpirun passes a termination on to its ranks; a kill would leave them behind.
    process.terminate()
    if ended.wait(timeout: .now() + 10) == .timedOut { kill(processIdentifier, SIGKILL) }
  }

  private func text(_ name: String) -> String {
    String(decoding: (try? Data(contentsOf: folder.appendingPathComponent(name))) ?? Data(), as: UTF8.self)
  }

  private func parent(of identifier: Int32) -> Int32? {
    let status = FileManager.default.contents(atPath: "/proc/\(identifier)/status") ?? Data()
    return String(decoding: status, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("PPid:") }
      .flatMap { Int32($0.dropFirst(5).trimmingCharacters(in: .whitespaces)) }
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
}
