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
  /// size, but a tree of its own. `wire` says what partial sums are rounded to where they meet.
  ///
  /// All ranks pass equally many floats.
  func allreduceSum(_ vector: Vector, wire: GradientWire) throws(CommunicatorError)

  /// The first half of `allreduceSum`: afterwards the range of `vector` that this rank owns holds the sum over all
  /// ranks, with the bits that `allreduceSum` gives; the rest of `vector` holds partial sums of no use.
  func reduceScatterSum(_ vector: Vector, wire: GradientWire) throws(CommunicatorError)

  /// The second half of `allreduceSum`: spreads what each rank holds in the range that it owns to all ranks, exactly.
  func allgather(_ vector: Vector) throws(CommunicatorError)

  /// The range of a vector of `count` floats that a rank owns between `reduceScatterSum` and `allgather`.
  ///
  /// The ranges of all ranks cover the vector without overlap. Each that is not empty starts at a multiple of
  /// `ownershipAlignment`; some are empty for a short vector, and for each rank beyond the largest power of two.
  func owned(ofCount count: Int, by rank: Int) -> Range<Int>

  /// Whether this rank is inside a call, where it waits for others or they for it. Any thread may ask.
  var isInCall: Bool { get }

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

/// Where the parts of a vector that ranks own may begin: multiples of so many floats. It is large, so that what is
/// computed over pieces of a vector (the gradient's norm) finds each piece whole on one rank.
public let ownershipAlignment = 1 << 16

extension Communicator {
  /// The host that this rank runs on.
  public var hostName: String { hostNames[rank] }

  /// The ranks that share this rank's host, itself among them, in ascending order.
  public var ranksOnThisHost: [Int] { hostNames.indices.filter { hostNames[$0] == hostName } }

  /// What each rank passed, in rank order. Lengths may differ. For small control data.
  public func allgather(_ values: [Double]) throws(CommunicatorError) -> [[Double]] {
    try allgather(values.withUnsafeBytes(Array.init)).map { bytes in
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
