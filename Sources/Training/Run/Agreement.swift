import Checkpoints
import Collectives
import Configuration
import Datasets

/// What at least one rank met, and all ranks know of.
public struct SharedError: UsageError {
  /// One sentence; it names the rank unless all met the same.
  public let description: String
  public let isUsage: Bool
}

extension Communicator {
  /// Runs `body` on every rank and goes on only if it worked on all: otherwise all throw the same `SharedError`, and
  /// none is left waiting.
  public func together<Result: ~Copyable>(_ body: () throws -> Result) throws -> Result {
    var result: Result?
    var mine = ""
    do {
      result = try body()
    } catch {
      mine = (isUsageError(error) ? "2" : "1") + "\(error)"
    }
    let all = try allgather(mine)
    guard let first = all.firstIndex(where: { !$0.isEmpty }) else { return result.take()! }
    let sentence = String(all[first].dropFirst())
    let isCommon = all.allSatisfy { $0 == all[first] }
    throw SharedError(
      description: isCommon || size == 1 ? sentence : "rank \(first): \(sentence)", isUsage: all[first].first == "2")
  }
}

/// An error of a task that may say that the command or the configuration is wrong.
public protocol UsageError: Error, CustomStringConvertible {
  var isUsage: Bool { get }
}

/// Whether an error says that the command or the configuration is wrong (exit code 2), and not the world (1).
public func isUsageError(_ error: any Error) -> Bool {
  switch error {
  case let error as any UsageError: error.isUsage
  case let error as DatasetError: error.isUsage
  case is ConfigurationError: true
  case CheckpointError.otherTask: true
  default: false
  }
}

/// Whether every rank has met this error at the same point, so that all can end by themselves.
public func isSharedByAllRanks(_ error: any Error) -> Bool { error is SharedError || error is TrainingError }
