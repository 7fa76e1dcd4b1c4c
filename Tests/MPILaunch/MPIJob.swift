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
  private let process: SpawnedProcess
  private let start: ContinuousClock.Instant
  private let folder: URL

  init(_ command: [String], environment: [String: String]) throws {
    self.command = command
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("mpi-\(UUID().uuidString)")
    self.folder = folder
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    start = ContinuousClock.now
    // Files, not pipes: a full pipe would stop the job while nobody reads.
    process = try SpawnedProcess(
      command, environment: environment, output: folder.appendingPathComponent("output").path,
      errors: folder.appendingPathComponent("errors").path)
  }

  deinit {
    if process.isRunning { end() }
    try? FileManager.default.removeItem(at: folder)
  }

  /// Of what was started: the program, or mpirun.
  public var processIdentifier: Int32 { process.identifier }

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
      process.send(signal)
      return
    }
    guard let identifier = ranks[rank] else { throw MPILaunch.Failure.missing(program: "rank \(rank)") }
    kill(identifier, signal)
  }

  /// Waits until it has ended.
  ///
  /// - Parameter deadlineSeconds: after which the job is ended and the call throws.
  public func wait(deadlineSeconds: Double = 120) throws -> Outcome {
    guard let end = process.wait(seconds: deadlineSeconds) else {
      end()
      throw MPILaunch.Failure.overdue(
        command: command.joined(separator: " "), seconds: deadlineSeconds, output: text("output") + text("errors"))
    }
    return Outcome(
      exitCode: end.code, signal: end.signal, output: text("output"), errorOutput: text("errors"),
      seconds: (ContinuousClock.now - start) / .seconds(1))
  }

  private func end() {
    // mpirun passes a termination on to its ranks; a kill would leave them behind.
    process.send(SIGTERM)
    if process.wait(seconds: 10) == nil { process.send(SIGKILL) }
  }

  private func text(_ name: String) -> String {
    String(decoding: (try? Data(contentsOf: folder.appendingPathComponent(name))) ?? Data(), as: UTF8.self)
  }

  private func parent(of identifier: Int32) -> Int32? {
    let status = FileManager.default.contents(atPath: "/proc/\(identifier)/status") ?? Data()
    return String(decoding: status, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("PPid:") }
      .flatMap { Int32($0.dropFirst(5).trimmingCharacters(in: .whitespaces)) }
  }
}
