import Collectives
import Configuration

extension Communicator {
  /// Runs `body` on every rank and goes on only if it worked on all: otherwise all throw, and none is left waiting.
  func together<Result>(_ body: () throws -> Result) throws -> Result {
    var outcome: Swift.Result<Result, any Error>
    do { outcome = .success(try body()) } catch { outcome = .failure(error) }
    let (mine, isUsage): (String, Bool) =
      switch outcome {
      case .success: ("", false)
      case .failure(let error): ("\(error)", isUsageError(error))
      }
    let all = try allgather((isUsage ? "u" : "f") + mine)
    guard let first = all.firstIndex(where: { $0.count > 1 }) else { return try outcome.get() }
    if case .failure(let error) = outcome, all.allSatisfy({ $0 == all[first] }) { throw error }
    throw TrainingError.onRank(first, String(all[first].dropFirst()), isUsage: all[first].hasPrefix("u"))
  }
}

/// Whether an error says that the command or the configuration is wrong (exit code 2), and not the world (1).
public func isUsageError(_ error: any Error) -> Bool {
  switch error {
  case let error as TrainingError: error.isUsage
  case is ConfigurationError: true
  default: false
  }
}
