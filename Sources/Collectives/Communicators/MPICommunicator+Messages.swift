import COpenMPI
import Compute

/// A message on its way into `vector`.
struct PendingReceive {
  var vector: Vector
  var request: MPI_Request?
}

/// Point-to-point messages of floats, in segments.
extension MPICommunicator {
  /// Sends all of `send` to the partner while all of `receive` comes from it. Either may be empty.
  func exchange(send: Vector, receive: Vector, with partner: Int) throws(CommunicatorError) {
    let sendCount = segmentCount(send)
    let receiveCount = segmentCount(receive)
    for index in 0..<max(sendCount, receiveCount) {
      let receiving =
        index < receiveCount ? try startReceive(segment(index, of: receive), from: partner) : nil
      let sending = index < sendCount ? try startSend(segment(index, of: send), to: partner) : nil
      if let receiving {
        try finish(receiving, from: partner)
      }
      if let sending {
        try finish(sending)
      }
    }
  }

  /// Sends `send` to the partner and adds to `sum` what the partner sends. The next segment travels while one is
  /// summed. Either may be empty.
  func exchangeAndSum(send: Vector, sum: Vector, with partner: Int) throws(CommunicatorError) {
    let sendCount = segmentCount(send)
    let receiveCount = segmentCount(sum)
    var next = receiveCount > 0 ? try startReceive(inbox(for: segment(0, of: sum), 0), from: partner) : nil
    for index in 0..<max(sendCount, receiveCount) {
      let sending = index < sendCount ? try startSend(segment(index, of: send), to: partner) : nil
      if let arriving = next {
        next =
          index + 1 < receiveCount
          ? try startReceive(inbox(for: segment(index + 1, of: sum), index + 1), from: partner) : nil
        try finish(arriving, from: partner)
        addInRankOrder(segment(index, of: sum), arriving.vector, from: partner)
      }
      if let sending {
        try finish(sending)
      }
    }
  }

  /// `vector += other`, with the lower rank's part on the left: the order matters only for the payload of a NaN.
  func addInRankOrder(_ vector: Vector, _ other: Vector, from partner: Int) {
    if partner < rank {
      add(vector.base, other.base, vector.base, count: vector.count)
    } else {
      add(vector.base, vector.base, other.base, count: vector.count)
    }
  }

  private func segmentCount(_ vector: Vector) -> Int {
    (vector.count + tuning.segmentFloats - 1) / tuning.segmentFloats
  }

  private func segment(_ index: Int, of vector: Vector) -> Vector {
    let start = index * tuning.segmentFloats
    return vector[start..<min(start + tuning.segmentFloats, vector.count)]
  }

  /// Where the segment with this index is received: two places take turns.
  private func inbox(for segment: Vector, _ index: Int) -> Vector {
    Vector(base: received.base + index % 2 * tuning.segmentFloats, count: segment.count)
  }

  private func startSend(_ vector: Vector, to partner: Int) throws(CommunicatorError) -> MPI_Request? {
    var request: MPI_Request?
    let code = MPI_Isend(vector.base, Int32(vector.count), mpiFloat(), Int32(partner), 0, mpiCommWorld(), &request)
    try MPICall.check(code, "MPI_Isend", rank: rank)
    return request
  }

  private func startReceive(_ vector: Vector, from partner: Int) throws(CommunicatorError) -> PendingReceive {
    var request: MPI_Request?
    let code = MPI_Irecv(vector.base, Int32(vector.count), mpiFloat(), Int32(partner), 0, mpiCommWorld(), &request)
    try MPICall.check(code, "MPI_Irecv", rank: rank)
    return PendingReceive(vector: vector, request: request)
  }

  private func finish(_ sending: MPI_Request) throws(CommunicatorError) {
    var request: MPI_Request? = sending
    try MPICall.check(MPI_Wait(&request, nil), "MPI_Wait", rank: rank)
  }

  private func finish(_ receiving: PendingReceive, from partner: Int) throws(CommunicatorError) {
    var request = receiving.request
    var status = MPI_Status()
    try MPICall.check(MPI_Wait(&request, &status), "MPI_Wait", rank: rank)
    var count: Int32 = 0
    try MPICall.check(MPI_Get_count(&status, mpiFloat(), &count), "MPI_Get_count", rank: rank)
    guard Int(count) == receiving.vector.count else {
      throw .unequalLengths(
        rank: rank, expected: receiving.vector.count, partner: partner, received: Int(count))
    }
  }
}
