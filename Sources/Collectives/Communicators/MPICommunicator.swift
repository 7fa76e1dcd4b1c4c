import COpenMPI
import Compute
import Glibc
import Synchronization

/// Where the allreduce changes its ways. It has no influence on the bits, but all ranks must use the same.
public struct AllreduceTuning: Sendable {
  /// Vectors of at most so many floats go whole, in half as many messages (recursive doubling), instead of in halves.
  /// Between two hosts with a rank each all do: it is as many bytes, and nobody waits between halves.
  public var wholeVectorFloats: Int

  /// Long messages are cut into segments of so many floats: while one is summed, the next are on their way, and a
  /// segment is still in the cache when it is summed.
  public var segmentFloats: Int

  /// How many are on their way in each direction.
  public var segmentsOnTheWay: Int

  public init(wholeVectorFloats: Int = 1 << 12, segmentFloats: Int = 1 << 16, segmentsOnTheWay: Int = 8) {
    precondition(segmentFloats > 0 && segmentFloats <= 1 << 28, "a segment is one message: its bytes must fit Int32")
    precondition(segmentsOnTheWay > 0, "nothing would ever be sent")
    self.wholeVectorFloats = wholeVectorFloats
    self.segmentFloats = segmentFloats
    self.segmentsOnTheWay = segmentsOnTheWay
  }
}

/// The ranks of an MPI job (`MPI_COMM_WORLD`), with one instance per process.
public final class MPICommunicator: Communicator {
  public let rank: Int
  public let size: Int
  public let hostNames: [String]

  let tuning: AllreduceTuning
  /// Segments to receive into, taken once.
  let received: AlignedBuffer<Float>
  /// Segments that leave as `BFloat16`.
  let encoded: AlignedBuffer<BFloat16>
  /// Of the segments that leave, then of those that arrive.
  let requests: AlignedBuffer<MPI_Request?>
  private let isBusy = Atomic(false)

  /// Enters MPI (`MPI_Init_thread`); the library allows that once in a process.
  public init(tuning: AllreduceTuning = AllreduceTuning()) throws(CommunicatorError) {
    OpenMPISettings.setDefaults(segmentBytes: tuning.segmentFloats * MemoryLayout<Float>.stride)
    // MULTIPLE lets a watchdog thread abort while another thread waits in a call; SERIALIZED is enough for the rest.
    var provided: Int32 = 0
    try MPICall.check(
      MPI_Init_thread(nil, nil, Int32(MPI_THREAD_MULTIPLE), &provided), "MPI_Init_thread", rank: 0)
    guard provided >= Int32(MPI_THREAD_SERIALIZED) else {
      throw .insufficientThreadSupport(
        provided: provided == Int32(MPI_THREAD_FUNNELED) ? "MPI_THREAD_FUNNELED" : "MPI_THREAD_SINGLE")
    }
    var rank: Int32 = 0
    var size: Int32 = 0
    try MPICall.check(MPI_Comm_rank(mpiCommWorld(), &rank), "MPI_Comm_rank", rank: 0)
    try MPICall.check(MPI_Comm_size(mpiCommWorld(), &size), "MPI_Comm_size", rank: Int(rank))
    try MPICall.check(
      MPI_Comm_set_errhandler(mpiCommWorld(), mpiErrorsReturn()), "MPI_Comm_set_errhandler", rank: Int(rank))
    let name = InProcessCommunicator().hostName
    let names = try MPICall.allgather(Array(name.utf8), rank: Int(rank), size: Int(size))

    self.rank = Int(rank)
    self.size = Int(size)
    self.tuning = tuning
    hostNames = names.map { String(decoding: $0, as: UTF8.self) }
    let places = tuning.segmentsOnTheWay
    received = AlignedBuffer(repeating: 0, count: places * tuning.segmentFloats)
    encoded = AlignedBuffer(repeating: BFloat16(0), count: places * tuning.segmentFloats)
    requests = AlignedBuffer(repeating: nil, count: 2 * places)
  }

  public var isInCall: Bool { isBusy.load(ordering: .relaxed) }

  public func allreduceSum(_ vector: Vector, wire: GradientWire) throws(CommunicatorError) {
    try alone { () throws(CommunicatorError) in
      if vector.count <= tuning.wholeVectorFloats || areTwoHosts {
        try sumWhole(vector, wire: wire)
      } else {
        let schedule = schedule(count: vector.count, alignment: Self.cacheLineFloats)
        try sumHalves(vector, schedule, wire: wire)
        try spread(vector, schedule, wire: wire)
      }
    }
  }

  public func reduceScatterSum(_ vector: Vector, wire: GradientWire) throws(CommunicatorError) {
    try alone { () throws(CommunicatorError) in
      try sumHalves(vector, schedule(count: vector.count, alignment: ownershipAlignment), wire: wire)
    }
  }

  public func allgather(_ vector: Vector) throws(CommunicatorError) {
    try alone { () throws(CommunicatorError) in
      try spread(vector, schedule(count: vector.count, alignment: ownershipAlignment), wire: .fp32)
    }
  }

  public func owned(ofCount count: Int, by rank: Int) -> Range<Int> {
    HalvingSchedule(count: count, rank: rank, size: size, alignment: ownershipAlignment).owned
  }

  private static let cacheLineFloats = 16

  /// Two ranks of one host pass halves: they wait for memory, not for messages, and halves are half as many additions.
  private var areTwoHosts: Bool { size == 2 && hostNames[0] != hostNames[1] }

  private func schedule(count: Int, alignment: Int) -> HalvingSchedule {
    HalvingSchedule(count: count, rank: rank, size: size, alignment: alignment)
  }

  public func allgather(_ bytes: [UInt8]) throws(CommunicatorError) -> [[UInt8]] {
    try alone { () throws(CommunicatorError) in try MPICall.allgather(bytes, rank: rank, size: size) }
  }

  public func allgather(_ values: VectorView<Double>, into all: VectorView<Double>) throws(CommunicatorError) {
    precondition(all.count == size * values.count, "memory for \(size) ranks")
    let byteCount = Int32(values.count * MemoryLayout<Double>.stride)
    try alone { () throws(CommunicatorError) in
      try MPICall.check(
        MPI_Allgather(values.base, byteCount, mpiByte(), all.base, byteCount, mpiByte(), mpiCommWorld()),
        "MPI_Allgather", rank: rank)
    }
  }

  public func broadcast(_ bytes: [UInt8], from root: Int) throws(CommunicatorError) -> [UInt8] {
    precondition((0..<size).contains(root), "rank \(root) of \(size) ranks")
    return try alone { () throws(CommunicatorError) in try MPICall.broadcast(bytes, from: root, rank: rank) }
  }

  public func barrier() throws(CommunicatorError) {
    try alone { () throws(CommunicatorError) in
      try MPICall.check(MPI_Barrier(mpiCommWorld()), "MPI_Barrier", rank: rank)
    }
  }

  public func abort(code: Int32) -> Never {
    fflush(nil)
    MPI_Abort(mpiCommWorld(), code)
    _exit(code)
  }

  public func finalize() throws(CommunicatorError) {
    try alone { () throws(CommunicatorError) in try MPICall.check(MPI_Finalize(), "MPI_Finalize", rank: rank) }
  }

  /// Runs `call`, and traps when another thread is inside one: the order of calls would differ between ranks.
  private func alone<Result>(
    _ call: () throws(CommunicatorError) -> Result
  ) throws(CommunicatorError) -> Result {
    precondition(!isBusy.exchange(true, ordering: .acquiring), "two threads use one communicator at once")
    defer { isBusy.store(false, ordering: .releasing) }
    return try call()
  }
}
