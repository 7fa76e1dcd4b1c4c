import Compute

/// The processes (ranks) that train together, and what they can do together.
///
/// Every call but `abort` is collective: all ranks make the same calls in the same order. Any thread may call,
/// one at a time; two at once are our own mistake and trap, because then the order of calls could differ
/// between ranks.
///
/// No bit of a result depends on the MPI library: sums of floats run over our own tree (see `allreduceSum`),
/// and everything else only moves bytes, which callers combine in rank order.
///
/// After a call has thrown, the ranks no longer agree on where they are: report and `abort`.
public protocol Communicator: AnyObject, Sendable {
  /// Which of the ranks this process is, in `0..<size`.
  var rank: Int { get }

  /// How many ranks there are.
  var size: Int { get }

  /// The host of each rank, in rank order.
  var hostNames: [String] { get }

  /// Replaces `vector` by its sum over all ranks, the same bits on every rank.
  ///
  /// For a power-of-two `size` each element is summed over the balanced binary tree in rank order,
  /// `(r0 + r1) + (r2 + r3)` and so on, whatever its position and the length of the vector. Otherwise, with
  /// `c` the largest power of two below `size`, rank `c + i` is first added to rank `i`: repeatable for that
  /// size, but a tree of its own.
  ///
  /// All ranks pass equally many floats.
  func allreduceSum(_ vector: Vector) throws(CommunicatorError)

  /// The first half of `allreduceSum`: afterwards the returned range of `vector` holds the sum over all ranks,
  /// with the bits that `allreduceSum` gives; the rest of `vector` holds partial sums of no use.
  ///
  /// The ranges of all ranks cover the vector without overlap. Each that is not empty starts at a multiple of 16;
  /// some are empty for a short vector, and for each rank beyond the largest power of two.
  func reduceScatterSum(_ vector: Vector) throws(CommunicatorError) -> Range<Int>

  /// The second half of `allreduceSum`: spreads what each rank holds in its range (the one that
  /// `reduceScatterSum` returns for a vector of this length) to all ranks.
  func allgather(_ vector: Vector) throws(CommunicatorError)

  /// What each rank passed, in rank order. Lengths may differ. For small control data.
  func allgather(_ bytes: [UInt8]) throws(CommunicatorError) -> [[UInt8]]

  /// Gathers what each rank passed into `all`, rank after rank. Equally many numbers of every rank; for control data of
  /// every step, as it takes no memory.
  func allgather(_ values: VectorView<Double>, into all: VectorView<Double>) throws(CommunicatorError)

  /// What `root` passed, on every rank; what the others pass is ignored.
  func broadcast(_ bytes: [UInt8], from root: Int) throws(CommunicatorError) -> [UInt8]

  /// Returns when every rank has called it.
  func barrier() throws(CommunicatorError)

  /// Ends all ranks at once with this exit code, whatever they are doing. Any thread may call it at any time,
  /// also while another one is inside a call.
  func abort(code: Int32) -> Never

  /// Leaves MPI; the last call.
  func finalize() throws(CommunicatorError)
}

extension Communicator {
  /// The host that this rank runs on.
  public var hostName: String { hostNames[rank] }

  /// The ranks that share this rank's host, itself among them, in ascending order.
  public var ranksOnThisHost: [Int] { hostNames.indices.filter { hostNames[$0] == hostName } }

  /// What each rank passed, in rank order. Lengths may differ. For small control data.
  public func allgather(_ values: [Double]) throws(CommunicatorError) -> [[Double]] {
    let bytes = values.flatMap { value in withUnsafeBytes(of: value) { Array($0) } }
    return try allgather(bytes).map { bytes in
      bytes.withUnsafeBytes { raw in
        (0..<raw.count / 8).map { raw.loadUnaligned(fromByteOffset: $0 * 8, as: Double.self) }
      }
    }
  }

  /// The text that each rank passed, in rank order.
  public func allgather(_ text: String) throws(CommunicatorError) -> [String] {
    try allgather(Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The text that `root` passed, on every rank; what the others pass is ignored.
  public func broadcast(_ text: String, from root: Int) throws(CommunicatorError) -> String {
    String(decoding: try broadcast(Array(text.utf8), from: root), as: UTF8.self)
  }
}
