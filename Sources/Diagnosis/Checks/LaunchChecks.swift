import Collectives
import Foundation
import Reporting

/// Whether ranks that are started here find each other.
enum LaunchChecks {
  /// What the environment says of how this process was started, before any MPI.
  static func launch(environment: [String: String]) -> Finding? {
    guard case .unconnected(let count) = LaunchEnvironment(environment) else { return nil }
    return .failure(
      "launch", "srun started \(count) processes that cannot find each other; each would train alone",
      do: "start them with srun --mpi=pmix, or mpirun inside the allocation; launch/slurm.sbatch does that")
  }

  /// What a trial with two ranks on this host came to.
  static func exchange(_ trial: ExchangeTrial.Outcome) -> Finding {
    switch trial {
    case .measured(let exchange): .ok("mpi", "2 ranks started here: \(exchange)")
    case .missing:
      .failure("mpi", "mpirun is not on the PATH", do: "run launch/install, or put Open MPI's bin folder on the PATH")
    case .silent(let seconds):
      .failure(
        "mpi", "2 ranks that mpirun started here did not answer within \(ProgressFormat.measure(seconds)) s",
        do: "try mpirun -np 2 hostname; where that works, the ranks cannot reach each other: name the loopback with "
          + "OMPI_MCA_btl=self,vader, and look at the network above")
    case .failed(let words):
      .failure(
        "mpi", "2 ranks that mpirun started here failed: \(words)",
        do:
          "use the mpirun of the Open MPI that this program is linked to (\(mpiLibraryVersion())), and try mpirun -np 2 hostname"
      )
    }
  }

  /// - Parameter mayRead: whether a process may read another's memory, which containers may forbid.
  static func processMemory(mayRead: Bool) -> Finding {
    guard !mayRead else { return .ok("containers", "ranks of one host may copy from each other's memory") }
    return .warning(
      "containers",
      "this container forbids ranks to copy from each other's memory (process_vm_readv), so that messages within "
        + "a host are copied twice",
      do: "nothing, with a rank a host; else allow it (docker run --cap-add=SYS_PTRACE)")
  }

  /// mpirun refuses to run as root unless it is told twice that this is meant.
  static func root(isRoot: Bool, environment: [String: String]) -> Finding? {
    guard isRoot else { return nil }
    let missing = ["OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"].filter { environment[$0] != "1" }
    guard !missing.isEmpty else { return nil }
    return .warning(
      "root", "mpirun does not run as root unasked",
      do: "export \(missing.map { "\($0)=1" }.joined(separator: " ")) before you call it (the launchers do)")
  }
}
