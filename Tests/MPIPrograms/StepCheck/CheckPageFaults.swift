import CMemoryProbe
import Collectives
import Compute
import Glibc

/// No step after the second touches memory that it did not have. Most steps meet no new page at all. What libraries and
/// the threads that decode meet now and then is, over all steps, less than an arena of the model's parameters would be.
func checkPageFaults(_ arguments: [String], _ communicator: any Communicator) throws {
  memory_probe_use_small_pages()
  let run = try SteadyRun(arguments, communicator)
  var before = 0
  var faults: [Int] = []
  faults.reserveCapacity(SteadyRun.measured)
  try run.steps(before: { before = minorFaults() }, after: { faults.append(minorFaults() - before) })
  let pages = run.replica.parameters.count * MemoryLayout<Float>.stride / Int(getpagesize())
  print("rank \(communicator.rank): faults \(faults), pages of an arena \(pages)")
  guard faults.sorted()[SteadyRun.measured / 2] == 0, faults.reduce(0, +) < pages else {
    throw CheckFailure("page faults of the steps \(faults), where an arena has \(pages) pages")
  }
  // The measure sees what it is there to see.
  before = minorFaults()
  let arena = AlignedBuffer<Float>(repeating: 1, count: run.replica.parameters.count)
  let touched = minorFaults() - before
  withExtendedLifetime(arena) {}
  guard touched >= pages else { throw CheckFailure("a new arena of \(pages) pages took only \(touched) faults") }
}

private func minorFaults() -> Int {
  var usage = rusage()
  getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
  return usage.ru_minflt
}
