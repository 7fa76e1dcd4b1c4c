import CMemoryProbe
import Collectives

/// What Open MPI and oneDNN allocate inside their calls is theirs, and so is OpenBLAS's pool, which grows when more
/// threads than ever before are inside a product at once. The rest of a step, on all its threads, allocates nothing.
func checkAllocations(_ arguments: [String], _ communicator: any Communicator) throws {
  let run = try SteadyRun(arguments, communicator)
  let libraries = ["libmpi", "libopen-", "libpmix", "mca_", "libevent", "libdnnl", "libopenblas"]
  var foreign: [String: Int] = [:]
  var ours: [String: Int] = [:]
  try run.steps(before: memory_probe_begin) {
    for index in 0..<memory_probe_end() {
      guard let name = memory_probe_owner(index) else { throw CheckFailure("more allocations than are remembered") }
      let owner = String(cString: name)
      if libraries.contains(where: owner.hasPrefix) {
        foreign[owner, default: 0] += 1
      } else {
        ours["\(owner), called at 0x\(String(memory_probe_offset(index), radix: 16))", default: 0] += 1
      }
    }
  }
  let rank = communicator.rank
  for (owner, count) in foreign.sorted(by: <) {
    print("rank \(rank): \(count) allocations inside \(owner) in \(SteadyRun.measured) steps")
  }
  guard ours.isEmpty else {
    let lines = ours.sorted(by: <).map { "\($1) in \($0)" }
    throw CheckFailure("allocations in \(SteadyRun.measured) steps: \(lines.joined(separator: "; "))")
  }
  print("rank \(rank): no other allocation")
}
