import Collectives
import Foundation
import Training

/// Runs `body` with the communicator that this process was started for, and ends the process with its exit code.
///
/// An error that all ranks share is said once, by rank 0, and all end by themselves. One that a single rank meets in
/// the middle of the work ends the whole job at once: the others may be waiting for it.
func withCommunicator(_ body: (any Communicator) throws -> Int32) -> Never {
  let communicator: any Communicator
  do {
    communicator = try makeCommunicator(environment: ProcessInfo.processInfo.environment)
  } catch {
    fail("\(error)", code: 1)
  }
  do {
    let code = try body(communicator)
    try communicator.finalize()
    exit(code)
  } catch {
    let code: Int32 = isUsageError(error) ? 2 : 1
    guard isSharedByAllRanks(error) else {
      say("rank \(communicator.rank): \(error)")
      communicator.abort(code: code)
    }
    if communicator.rank == 0 { say("\(error)") }
    try? communicator.finalize()
    exit(code)
  }
}
