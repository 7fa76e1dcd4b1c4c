import Collectives
import Foundation
import Training

/// Runs `body` with the communicator that this process was started for, after all ranks have compared what they were told,
/// and ends the process with its exit code.
///
/// An error that all ranks share is said once, by rank 0, and all end by themselves. One that a single rank meets in
/// the middle of the work ends the whole job at once: the others may be waiting for it.
///
/// - Parameters:
///   - told: what this rank was told: the words of its command line unless something else is given.
///   - body: what the ranks do; returns the exit code.
func withCommunicator(
  told: @autoclosure () -> StartStatement = .commandLine(), _ body: (any Communicator) throws -> Int32
) -> Never {
  let environment = ProcessInfo.processInfo.environment
  let communicator: any Communicator
  let watch: StartWatch?
  do {
    watch = try StartWatch(environment: environment)
    communicator = try makeCommunicator(environment: environment)
  } catch {
    fail(error)
  }
  do {
    if communicator.size > 1 { try communicator.compare(told()) }
    watch?.allHaveCome()
    let code = try body(communicator)
    try communicator.finalize()
    exit(code)
  } catch {
    let code: Int32 = isUsageError(error) ? 2 : 1
    guard isSharedByAllRanks(error) else {
      say(communicator.size == 1 ? "\(error)" : "rank \(communicator.rank): \(error)")
      communicator.abort(code: code)
    }
    if communicator.rank == 0 { say("\(error)") }
    try? communicator.finalize()
    exit(code)
  }
}

extension StartStatement {
  /// For a command whose options are to be the same on all ranks, as they are written.
  static func commandLine(refusal: Refusal? = nil) -> StartStatement {
    let words = CommandLine.arguments.dropFirst().joined(separator: " ")
    return StartStatement(options: [Item("command", words)], refusal: refusal)
  }
}
