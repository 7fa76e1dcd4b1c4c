import COpenMPI
import Collectives
import Compute

/// Compares our allreduce with `MPI_Allreduce` in one run, in turn. Prints medians over 9 turns of the time until the
/// last rank is done; on one rank, the speed of the reduction tree instead.
func timeAllreduce(_ communicator: any Communicator, floatCount count: Int) throws {
  guard communicator.size > 1 else { return try timeTree(communicator) }
  let vector = AlignedBuffer<Float>(repeating: 0, count: count)
  defer { extendLifetime(vector) }
  let repetitions = max(1, 1_000_000 / max(count, 1))
  var seconds: [(ours: Double, theirs: Double)] = []
  for _ in 0..<10 {
    let ours = try time(communicator, repetitions) { try communicator.allreduceSum(vector.all, wire: .fp32) }
    let theirs = try time(communicator, repetitions) {
      MPI_Allreduce(mpiInPlace(), vector.base, Int32(count), mpiFloat(), mpiSum(), mpiCommWorld())
    }
    seconds.append((ours, theirs))
  }
  seconds.removeFirst()
  let ours = median(seconds.map(\.ours))
  let theirs = median(seconds.map(\.theirs))
  if communicator.rank == 0 {
    print(
      "\(communicator.size) ranks, \(count) floats: ours \(ours) s, MPI_Allreduce \(theirs) s, ratio \(ours / theirs)")
  }
}

/// The speed of sums in the tree on one rank, beside a copy of the same memory, in bytes moved.
private func timeTree(_ communicator: any Communicator) throws {
  let count = 8 << 20
  for leafCount in [2, 4, 8] {
    let leaves = AlignedBuffer<Float>(repeating: 1, count: leafCount * count)
    let sum = AlignedBuffer<Float>(repeating: 0, count: count)
    defer { extendLifetime(sum) }
    let (leafRows, slots) = (
      leaves.all.reshaped(rows: leafCount, columns: count), sum.all.reshaped(rows: 1, columns: count)
    )
    let schedule = ReductionSchedule(tree: ReductionTree(leafCount: leafCount), leavesPerRound: leafCount)
    let executor = ReductionExecutor(schedule: schedule)
    let sums = try (0..<9).map { _ in
      try time(communicator, 1) { executor.apply(round: 0, leaves: leafRows, slots: slots, elements: 0..<count) }
    }
    let copies = try (0..<9).map { _ in
      try time(communicator, 1) { sum.base.update(from: leaves.base, count: count) }
    }
    let sumSpeed = Double((leafCount + 1) * count * 4) / median(sums) * 1e-9
    let copySpeed = Double(2 * count * 4) / median(copies) * 1e-9
    print("tree of \(leafCount) leaves: \(sumSpeed) GB/s, copy \(copySpeed) GB/s")
  }
}

private func time(_ communicator: any Communicator, _ repetitions: Int, _ body: () throws -> Void) throws -> Double {
  try communicator.barrier()
  let start = ContinuousClock.now
  for _ in 0..<repetitions {
    try body()
  }
  try communicator.barrier()
  return (ContinuousClock.now - start) / .seconds(1) / Double(repetitions)
}

private func median(_ values: [Double]) -> Double {
  values.sorted()[values.count / 2]
}
