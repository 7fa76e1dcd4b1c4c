/// Why ranks could not work together.
public enum CommunicatorError: Error, Equatable, CustomStringConvertible {
  /// An MPI call returned an error; `reason` is the library's own text.
  case failedCall(name: String, rank: Int, reason: String)

  /// Two ranks passed vectors of different lengths to one collective call.
  case unequalLengths(rank: Int, expected: Int, partner: Int, received: Int)

  /// The MPI library cannot be used from more than the main thread.
  case insufficientThreadSupport(provided: String)

  /// The launcher announced so many processes, but MPI connected another number.
  case launcherMismatch(announced: Int, connected: Int)

  /// The launcher started several processes without the service (PMIx) that lets them find each other.
  case unconnectedProcesses(count: Int)

  public var description: String {
    switch self {
    case .failedCall(let name, let rank, let reason):
      return "\(name) failed on rank \(rank): \(reason)"
    case .unequalLengths(let rank, let expected, let partner, let received):
      return "rank \(rank) expected \(expected) floats from rank \(partner) but received \(received): "
        + "ranks must pass equally long vectors to one collective call"
    case .insufficientThreadSupport(let provided):
      return "this MPI library provides only \(provided), but a communication thread needs "
        + "MPI_THREAD_SERIALIZED: use an Open MPI built with thread support"
    case .launcherMismatch(let announced, let connected):
      return "the launcher started \(announced) processes but MPI connected \(connected): "
        + "use the mpirun of the Open MPI that this program is linked to, or srun --mpi=pmix"
    case .unconnectedProcesses(let count):
      return "srun started \(count) processes that cannot find each other: use srun --mpi=pmix"
    }
  }
}
