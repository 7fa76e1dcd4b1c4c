import COpenMPI
import Glibc

/// Open MPI settings that a process can give itself before `MPI_Init`, so that a bare `mpirun mae …` has them.
/// What the user set (`--mca` or `OMPI_MCA_…`) stays.
///
/// What only the launcher can set is left to the launchers: the daemons' TCP keepalive (`oob_tcp_keepalive_…`) and
/// kill timeout (`odls_base_sigkill_timeout`) are read by mpirun, which is running already.
enum OpenMPISettings {
  /// - Parameter segmentBytes: of the longest messages of gradients.
  static func setDefaults(segmentBytes: Int) {
    // A rank that waits polls. Yielding between polls leaves its core to the workers of the process.
    setDefault("mpi_yield_when_idle", to: "1")
    // A longer TCP message than this one waits for the partner's leave, which queues behind all that the partner itself is
    // sending: on a full link longer than the segments on their way take, so that the link idles. Ours are expected, and
    // few at a time.
    setDefault("btl_tcp_eager_limit", to: "\(segmentBytes + 4096)")
    // Ranks of one host copy straight out of each other's memory with this system call. Some containers refuse
    // it, and Open MPI then fails in the first long message instead of falling back to shared memory.
    if mayReadProcessMemory() == 0 {
      setDefault("btl_vader_single_copy_mechanism", to: "none")
    }
  }

  private static func setDefault(_ name: String, to value: String) {
    setenv("OMPI_MCA_\(name)", value, 0)
  }
}

/// The MPI library that this program runs with, for example "Open MPI v4.1.4". It may be asked before any communicator.
public func mpiLibraryVersion() -> String {
  var text = [CChar](repeating: 0, count: Int(MPI_MAX_LIBRARY_VERSION_STRING))
  var length: Int32 = 0
  guard MPI_Get_library_version(&text, &length) == MPI_SUCCESS else {
    return "an MPI library that does not name itself"
  }
  let whole = String(decoding: text.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  return whole.split(separator: ",").first.map(String.init) ?? whole
}

/// Whether ranks of one host may copy from each other's memory; some containers forbid it.
public func mayReadMemoryOfOtherProcesses() -> Bool { mayReadProcessMemory() != 0 }
