import COpenMPI
import Glibc

/// MPI calls with Swift's types: the one place where error codes become errors.
enum MPICall {
  /// Throws what `code` means, with the library's text, unless it is success.
  static func check(_ code: Int32, _ name: String, rank: Int) throws(CommunicatorError) {
    guard code != MPI_SUCCESS else { return }
    var text = [CChar](repeating: 0, count: Int(MPI_MAX_ERROR_STRING))
    var length: Int32 = 0
    let known = MPI_Error_string(code, &text, &length) == MPI_SUCCESS
    let reason = String(decoding: text.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    throw .failedCall(name: name, rank: rank, reason: known ? reason : "error code \(code)")
  }

  /// Waits until a message has arrived or left, and leaves the core to others meanwhile: a worker that computes shares it,
  /// and `MPI_Wait` would poll for half of the time that a slow network takes, however often it yields. A partner that
  /// is about to answer is polled for; then the thread sleeps between looks, for less than a segment takes on any network
  /// that would notice.
  @discardableResult
  static func wait(_ request: inout MPI_Request?, rank: Int) throws(CommunicatorError) -> MPI_Status {
    var status = MPI_Status()
    var isDone: Int32 = 0
    var looks = 0
    while true {
      try check(MPI_Test(&request, &isDone, &status), "MPI_Test", rank: rank)
      if isDone != 0 { return status }
      looks += 1
      if looks < 100 { sched_yield() } else { usleep(20) }
    }
  }

  static func allgather(_ bytes: [UInt8], rank: Int, size: Int) throws(CommunicatorError) -> [[UInt8]] {
    var count = Int64(bytes.count)
    var counts = [Int64](repeating: 0, count: size)
    try check(MPI_Allgather(&count, 1, mpiInt64(), &counts, 1, mpiInt64(), mpiCommWorld()), "MPI_Allgather", rank: rank)
    let total = counts.reduce(0, +)
    // MPI 3 counts in 32 bits.
    guard total <= longestGathering else {
      return try (0..<size).map { root throws(CommunicatorError) in try broadcast(bytes, from: root, rank: rank) }
    }
    var offsets = [Int32](repeating: 0, count: size)
    for index in 1..<max(size, 1) { offsets[index] = offsets[index - 1] + Int32(counts[index - 1]) }
    var gathered = [UInt8](repeating: 0, count: Int(total))
    try check(
      MPI_Allgatherv(
        bytes, Int32(count), mpiByte(), &gathered, counts.map { Int32($0) }, offsets, mpiByte(), mpiCommWorld()),
      "MPI_Allgatherv", rank: rank)
    return zip(offsets, counts).map { Array(gathered[Int($0)..<Int($0) + Int($1)]) }
  }

  private static let longestGathering = Int64(Int32.max)

  static func broadcast(_ bytes: [UInt8], from root: Int, rank: Int) throws(CommunicatorError) -> [UInt8] {
    var count = Int64(bytes.count)
    try check(MPI_Bcast(&count, 1, mpiInt64(), Int32(root), mpiCommWorld()), "MPI_Bcast", rank: rank)
    var content = rank == root ? bytes : [UInt8](repeating: 0, count: Int(count))
    let longestMessage = 1 << 30
    for start in stride(from: 0, to: content.count, by: longestMessage) {
      let length = Int32(min(longestMessage, content.count - start))
      let code = content.withUnsafeMutableBytes {
        MPI_Bcast($0.baseAddress! + start, length, mpiByte(), Int32(root), mpiCommWorld())
      }
      try check(code, "MPI_Bcast", rank: rank)
    }
    return content
  }
}
