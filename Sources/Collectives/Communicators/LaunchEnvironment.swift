import Glibc

/// How this process was started, as far as its environment tells.
public enum LaunchEnvironment: Equatable, Sendable {
  /// By hand: it trains alone.
  case alone

  /// By a launcher that MPI can talk to; `announcedSize` is the number of processes, where it says so.
  case launched(announcedSize: Int?)

  /// By `srun` as one of `count` tasks, without a service through which they could find each other.
  case unconnected(count: Int)

  /// - `OMPI_COMM_WORLD_SIZE`: Open MPI's mpirun.
  /// - `PMIX_RANK`: mpirun, and `srun --mpi=pmix`.
  /// - `PMI_RANK`, `PMI_SIZE`: `srun --mpi=pmi2`, and the launchers of other MPI libraries.
  /// - `SLURM_STEP_NUM_TASKS`: srun; a batch script outside srun has none.
  public init(_ environment: [String: String]) {
    let slurmTasks = environment["SLURM_STEP_NUM_TASKS"].flatMap { Int($0) }
    let size = (environment["OMPI_COMM_WORLD_SIZE"] ?? environment["PMI_SIZE"]).flatMap { Int($0) } ?? slurmTasks
    if ["OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"].contains(where: { environment[$0] != nil }) {
      self = .launched(announcedSize: size)
    } else if let slurmTasks, slurmTasks > 1 {
      self = .unconnected(count: slurmTasks)
    } else {
      self = .alone
    }
  }
}

/// The communicator for this process: MPI under mpirun or srun, in-process otherwise. To be called once, early,
/// on the main thread: it sets environment variables (see `OpenMPISettings`).
public func makeCommunicator(
  environment: [String: String], tuning: AllreduceTuning = AllreduceTuning()
) throws(CommunicatorError) -> any Communicator {
  switch LaunchEnvironment(environment) {
  case .alone:
    return InProcessCommunicator()
  case .unconnected(let count):
    throw .unconnectedProcesses(count: count)
  case .launched(let announcedSize):
    let communicator = try MPICommunicator(tuning: tuning)
    if let announcedSize, announcedSize != communicator.size {
      throw .launcherMismatch(announced: announcedSize, connected: communicator.size)
    }
    return communicator
  }
}
