import Collectives
import Glibc

/// `allgather` and `broadcast` of bytes, numbers and text of several lengths.
func checkBytes(_ communicator: any Communicator) throws {
  let (rank, size) = (communicator.rank, communicator.size)
  for length in [0, 1, 7, 64, 1000, 3_000_001] {
    // Each rank passes another length.
    let gathered = try communicator.allgather(bytes(length + rank, from: rank))
    guard gathered == (0..<size).map({ bytes(length + $0, from: $0) }) else {
      throw CheckFailure("allgather of \(length) bytes on rank \(rank)")
    }
    for root in 0..<size {
      let content = rank == root ? bytes(length, from: root) : bytes(5, from: rank)
      guard try communicator.broadcast(content, from: root) == bytes(length, from: root) else {
        throw CheckFailure("broadcast of \(length) bytes from rank \(root)")
      }
    }
  }
  let numbers = try communicator.allgather([Double(rank) / 3, -0.0, .infinity])
  guard numbers == (0..<size).map({ [Double($0) / 3, -0.0, .infinity] }) else {
    throw CheckFailure("allgather of numbers on rank \(rank): \(numbers)")
  }
  let empty: [Double] = []
  guard try communicator.allgather(empty) == Array(repeating: empty, count: size) else {
    throw CheckFailure("allgather of no numbers on rank \(rank)")
  }
  let text = try communicator.broadcast("grüße von \(rank)", from: size - 1)
  guard text == "grüße von \(size - 1)" else { throw CheckFailure("broadcast of text: \(text)") }
  try checkBarrier(communicator)
}

private func bytes(_ count: Int, from rank: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ rank &* 31 &+ 1) }
}

/// No rank may leave a barrier before the last one comes to it. Ranks share this host's clock.
private func checkBarrier(_ communicator: any Communicator) throws {
  for last in 0..<communicator.size {
    if communicator.rank == last { usleep(50_000) }
    let came = now()
    try communicator.barrier()
    let left = now()
    let allCame = try communicator.allgather([came])
    guard let latest = allCame.map({ $0[0] }).max(), latest <= left else {
      throw CheckFailure("rank \(communicator.rank) left the barrier at \(left), before all came: \(allCame)")
    }
  }
}

private func now() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
