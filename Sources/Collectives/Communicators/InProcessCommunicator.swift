import Compute
import Glibc

/// The communicator of a process that trains alone: one rank, and no MPI runtime is touched.
public final class InProcessCommunicator: Communicator {
  public let hostNames: [String]

  public init() {
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, name.count - 1)
    hostNames = [String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)]
  }

  public var rank: Int { 0 }
  public var size: Int { 1 }
  public var isInCall: Bool { false }

  public func allreduceSum(_ vector: Vector, wire: GradientWire) {}

  public func reduceScatterSum(_ vector: Vector, wire: GradientWire) {}

  public func allgather(_ vector: Vector) {}

  public func owned(ofCount count: Int, by rank: Int) -> Range<Int> { 0..<count }

  public func allgather(_ bytes: [UInt8]) -> [[UInt8]] { [bytes] }

  public func allgather(_ values: VectorView<Double>, into all: VectorView<Double>) {
    precondition(all.count == values.count, "memory for one rank")
    all.base.update(from: values.base, count: values.count)
  }

  public func broadcast(_ bytes: [UInt8], from root: Int) -> [UInt8] {
    precondition(root == 0, "rank \(root) of one rank")
    return bytes
  }

  public func barrier() {}

  public func abort(code: Int32) -> Never {
    fflush(nil)
    _exit(code)
  }

  public func finalize() {}
}
