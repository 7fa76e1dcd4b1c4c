import COpenMPI
import Compute

/// What becomes of floats that arrive.
enum Arrival {
  /// They are added to those that are there.
  case add
  /// They replace them.
  case replace
}

/// Point-to-point messages of floats, in segments.
extension MPICommunicator {
  /// Sends all of `send` to the partner while all of `receive` comes from it. Either may be empty; with `.add` both may
  /// be the same floats.
  ///
  /// Several segments are on their way in each direction, so that the link does not idle while one is summed or while
  /// the library asks the partner whether it may send the next. A segment has left before it is changed: its sum
  /// comes after its send.
  func exchange(
    send: Vector, receive: Vector, _ arrival: Arrival, with partner: Int, wire: GradientWire
  ) throws(CommunicatorError) {
    let sendCount = segmentCount(send)
    let receiveCount = segmentCount(receive)
    let (sending, receiving) = (requests.base, requests.base + tuning.segmentsOnTheWay)
    var (sent, awaited) = (0, 0)
    for index in 0..<max(sendCount, receiveCount) {
      while awaited < min(index + tuning.segmentsOnTheWay, receiveCount) {
        let inbox = inbox(awaited, for: segment(awaited, of: receive), arrival, wire)
        try startReceive(inbox, from: partner, &receiving[place(awaited)])
        awaited += 1
      }
      while sent < min(index + tuning.segmentsOnTheWay, sendCount) {
        try startSend(outbox(sent, of: segment(sent, of: send), wire), to: partner, &sending[place(sent)])
        sent += 1
      }
      if index < receiveCount {
        try finish(&receiving[place(index)], segment(index, of: receive), from: partner, wire)
      }
      if index < sendCount {
        try MPICall.wait(&sending[place(index)], rank: rank)
      }
      if index < receiveCount {
        let target = segment(index, of: receive)
        accept(inbox(index, for: target, arrival, wire), into: target, arrival, from: partner, wire)
      }
    }
  }

  private func segmentCount(_ vector: Vector) -> Int {
    (vector.count + tuning.segmentFloats - 1) / tuning.segmentFloats
  }

  private func segment(_ index: Int, of vector: Vector) -> Vector {
    let start = index * tuning.segmentFloats
    return vector[start..<min(start + tuning.segmentFloats, vector.count)]
  }

  /// Segments on their way have places that take turns.
  private func place(_ index: Int) -> Int { index % tuning.segmentsOnTheWay }

  /// Where the segment with this index is received. What only replaces, and needs no decoding,
  /// is received where it belongs.
  private func inbox(
    _ index: Int, for segment: Vector, _ arrival: Arrival, _ wire: GradientWire
  ) -> UnsafeMutableRawBufferPointer {
    let place =
      arrival == .replace && wire == .fp32
      ? segment.base : received.base + place(index) * tuning.segmentFloats
    return UnsafeMutableRawBufferPointer(start: place, count: segment.count * wire.bytesPerFloat)
  }

  /// What is sent for the segment with this index: itself, or its encoding in one of the places.
  private func outbox(_ index: Int, of segment: Vector, _ wire: GradientWire) -> UnsafeRawBufferPointer {
    guard wire == .bf16 else {
      return UnsafeRawBufferPointer(start: segment.base, count: segment.count * wire.bytesPerFloat)
    }
    let place = encoded.base + place(index) * tuning.segmentFloats
    encode(segment, into: place)
    return UnsafeRawBufferPointer(start: place, count: segment.count * wire.bytesPerFloat)
  }

  private func accept(
    _ message: UnsafeMutableRawBufferPointer, into target: Vector, _ arrival: Arrival, from partner: Int,
    _ wire: GradientWire
  ) {
    guard let base = message.baseAddress else { return }
    switch (wire, arrival) {
    case (.fp32, .replace): break
    case (.fp32, .add):
      // The lower rank's part on the left: the order matters only for the payload of a NaN.
      let other = base.assumingMemoryBound(to: Float.self)
      let (left, right) = partner < rank ? (other, target.base) : (target.base, other)
      add(target.base, left, right, count: target.count)
    case (.bf16, .replace): decode(base.assumingMemoryBound(to: BFloat16.self), into: target)
    case (.bf16, .add):
      addRounded(target, base.assumingMemoryBound(to: BFloat16.self), messageIsLeft: partner < rank)
    }
  }

  private func startSend(
    _ message: UnsafeRawBufferPointer, to partner: Int, _ request: inout MPI_Request?
  ) throws(CommunicatorError) {
    let code = MPI_Isend(
      message.baseAddress, Int32(message.count), mpiByte(), Int32(partner), 0, mpiCommWorld(), &request)
    try MPICall.check(code, "MPI_Isend", rank: rank)
  }

  private func startReceive(
    _ inbox: UnsafeMutableRawBufferPointer, from partner: Int, _ request: inout MPI_Request?
  ) throws(CommunicatorError) {
    let code = MPI_Irecv(
      inbox.baseAddress, Int32(inbox.count), mpiByte(), Int32(partner), 0, mpiCommWorld(), &request)
    try MPICall.check(code, "MPI_Irecv", rank: rank)
  }

  private func finish(
    _ receiving: inout MPI_Request?, _ segment: Vector, from partner: Int, _ wire: GradientWire
  ) throws(CommunicatorError) {
    var status = try MPICall.wait(&receiving, rank: rank)
    var byteCount: Int32 = 0
    try MPICall.check(MPI_Get_count(&status, mpiByte(), &byteCount), "MPI_Get_count", rank: rank)
    guard Int(byteCount) == segment.count * wire.bytesPerFloat else {
      throw .unequalLengths(
        rank: rank, expected: segment.count, partner: partner, received: Int(byteCount) / wire.bytesPerFloat)
    }
  }
}
