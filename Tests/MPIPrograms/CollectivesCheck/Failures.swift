import Collectives
import Compute
import Foundation

/// Ranks that pass vectors of different lengths: each gets a typed error, and says which.
func provokeUnequalLengths(_ communicator: any Communicator) throws {
  let vector = AlignedBuffer<Float>(repeating: 1, count: 100 + 900 * communicator.rank)
  defer { extendLifetime(vector) }
  do {
    try communicator.allreduceSum(vector.all, wire: .fp32)
  } catch {
    report(error, communicator)
  }
  throw CheckFailure("no error")
}

/// The same inside the communication thread: `finish` throws it, and what was submitted later is not waited for.
func provokeUnequalLengthsInExchange(_ communicator: any Communicator) throws {
  let vector = AlignedBuffer<Float>(repeating: 1, count: 100 + 900 * communicator.rank)
  defer { extendLifetime(vector) }
  let exchange = try GradientExchange(communicator: communicator)
  exchange.submit(vector.all)
  exchange.submit(vector.all[0..<50])
  do {
    try exchange.finish()
  } catch {
    report(error, communicator)
  }
  throw CheckFailure("no error")
}

/// One rank throws and ends the job while all others wait for it.
func abortOnOneRank(_ communicator: any Communicator) throws {
  let vector = AlignedBuffer<Float>(repeating: 1, count: 1_000_000)
  defer { extendLifetime(vector) }
  try communicator.allreduceSum(vector.all, wire: .fp32)
  if communicator.rank == communicator.size - 1 {
    FileHandle.standardError.write(Data("rank \(communicator.rank) has had enough\n".utf8))
    communicator.abort(code: 7)
  }
  try communicator.allreduceSum(vector.all, wire: .fp32)
  print("rank \(communicator.rank) went on")
}

/// Says what this rank caught, gives the others time to do so, and ends the job with exit code 3.
private func report(_ error: CommunicatorError, _ communicator: any Communicator) -> Never {
  let kind =
    switch error {
    case .failedCall: "failedCall"
    case .unequalLengths: "unequalLengths"
    default: "another error"
    }
  print("rank \(communicator.rank) caught \(kind): \(error)")
  fflush(nil)
  sleep(1)
  communicator.abort(code: 3)
}

/// Where the ranks are, and what Open MPI was told.
func printSettings(_ communicator: any Communicator) throws {
  let yields = getenv("OMPI_MCA_mpi_yield_when_idle").map { String(cString: $0) } ?? "unset"
  print(
    "rank \(communicator.rank) of \(communicator.size) on \(communicator.hostName) "
      + "with \(communicator.ranksOnThisHost), yield \(yields)")
}
