import Collectives
import Compute
import Foundation
import Reporting

/// How quick messages are between ranks.
public struct Exchange: Codable, Sendable, CustomStringConvertible {
  public let ranks: Int
  /// Of a small message to all ranks; the middle of some.
  public let messageSeconds: Double
  /// The sum of 16 MiB over all ranks; the best of some.
  public let sumSeconds: Double

  private static let floats = 4 << 20

  /// All ranks call it.
  public init(_ communicator: any Communicator) throws {
    ranks = communicator.size
    var messages: [Double] = []
    for _ in 0..<20 {
      let start = ContinuousClock.now
      _ = try communicator.allgather([1.0])
      messages.append((ContinuousClock.now - start) / .seconds(1))
    }
    messageSeconds = messages.sorted()[messages.count / 2]
    let buffer = AlignedBuffer<Float>(repeating: 1, count: Self.floats)
    defer { extendLifetime(buffer) }
    var best = Double.infinity
    for _ in 0..<3 {
      buffer.base.update(repeating: 1, count: Self.floats)
      try communicator.barrier()
      let start = ContinuousClock.now
      try communicator.allreduceSum(buffer.all, wire: .fp32)
      best = min(best, (ContinuousClock.now - start) / .seconds(1))
      let sum = Float(communicator.size)
      guard (0..<Self.floats).allSatisfy({ buffer.base[$0] == sum }) else {
        throw WrongSum(rank: communicator.rank, hostName: communicator.hostName)
      }
    }
    sumSeconds = best
  }

  public var description: String {
    let megabytes = Double(Self.floats * MemoryLayout<Float>.stride) / 1e6
    return
      "a message takes \(ProgressFormat.measure(messageSeconds * 1e6)) us, a sum of \(Int(megabytes.rounded())) MB "
      + "\(ProgressFormat.measure(sumSeconds * 1e3)) ms"
  }
}

/// Messages that arrived were not those that were sent.
struct WrongSum: Error, CustomStringConvertible {
  let rank: Int
  let hostName: String

  var description: String {
    "the sum of ones over all ranks is wrong on rank \(rank) of \(hostName): look for faulty memory or a faulty network card"
  }
}

/// Two ranks that this program starts of itself by mpirun on this host.
public enum ExchangeTrial {
  /// The command that the ranks run; it prints the result as JSON.
  public static let command = "exchange-trial"

  enum Outcome: Sendable {
    case measured(Exchange)
    /// There is no mpirun.
    case missing
    /// It was ended after so many seconds.
    case silent(seconds: Double)
    case failed(words: String)
  }

  /// - Parameters:
  ///   - program: this program's file.
  ///   - seconds: after which the trial is ended.
  static func run(program: String, environment: [String: String], seconds: Double) -> Outcome {
    let folders = (environment["PATH"] ?? "").split(separator: ":")
    guard let mpirun = folders.map({ "\($0)/mpirun" }).first(where: FileManager.default.isExecutableFile) else {
      return .missing
    }
    let process = Process()
    let (output, errors) = (Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: mpirun)
    process.arguments = ["--oversubscribe", "--bind-to", "none", "-np", "2", program, command]
    process.environment = Self.environment(below: environment)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = errors
    let ended = DispatchSemaphore(value: 0)
    process.terminationHandler = { _ in ended.signal() }
    do { try process.run() } catch { return .failed(words: "\(error)") }
    // What they print is far less than a pipe holds.
    guard ended.wait(timeout: .now() + seconds) == .success else {
      process.terminate()
      if ended.wait(timeout: .now() + 5) == .timedOut { kill(process.processIdentifier, SIGKILL) }
      return .silent(seconds: seconds)
    }
    let answer = output.fileHandleForReading.availableData
    if process.terminationStatus == 0, let exchange = try? JSONDecoder().decode(Exchange.self, from: answer) {
      return .measured(exchange)
    }
    let words = reason(in: String(decoding: errors.fileHandleForReading.availableData, as: UTF8.self))
    return .failed(words: words ?? "it ended with code \(process.terminationStatus)")
  }

  /// What a mpirun is started with that is to begin a job of its own. A process that another mpirun has started is told by its
  /// environment which rank of which job it is, and where that job's ranks are placed: a mpirun that is told so refuses to
  /// begin. What else the user has set stays.
  static func environment(below parent: [String: String]) -> [String: String] {
    var environment = parent
    if case .launched = LaunchEnvironment(parent) { environment = parent.filter { !tellsOfAJob($0.key) } }
    (environment["OMPI_ALLOW_RUN_AS_ROOT"], environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"]) = ("1", "1")
    return environment
  }

  /// Whether mpirun sets this variable for each rank.
  private static func tellsOfAJob(_ variable: String) -> Bool {
    func begins(_ name: some StringProtocol, with beginnings: String...) -> Bool {
      beginnings.contains { name.hasPrefix($0) }
    }
    guard variable.hasPrefix("OMPI_MCA_") else { return begins(variable, with: "OMPI_", "PMIX_", "PRTE_") }
    let setting = variable.dropFirst("OMPI_MCA_".count)
    return setting != "orte_tmpdir_base" && begins(setting, with: "ess", "hwloc_", "orte_", "pmix", "rmaps_")
  }

  /// The first line of mpirun's words that is more than a rule of dashes or asterisks; nil where there is none.
  static func reason(in words: String) -> String? {
    words.split(separator: "\n").first { $0.contains { !"-* ".contains($0) } }.map(String.init)
  }
}
