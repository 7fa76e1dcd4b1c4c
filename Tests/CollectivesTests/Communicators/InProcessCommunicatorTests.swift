import Collectives
import Compute
import Testing

struct InProcessCommunicatorTests {
  @Test func oneRankGetsBackWhatItGave() throws {
    let communicator = try makeCommunicator(environment: [:])
    #expect(communicator is InProcessCommunicator)
    #expect(communicator.rank == 0)
    #expect(communicator.size == 1)
    #expect(communicator.ranksOnThisHost == [0])
    #expect(!communicator.hostName.isEmpty)

    let buffer = AlignedBuffer<Float>(repeating: 0.25, count: 5)
    defer { extendLifetime(buffer) }
    for wire in GradientWire.allCases {
      // Not a number of BFloat16: nothing crosses, so nothing is rounded.
      let value: Float = 0.2503
      buffer.base.update(repeating: value, count: 5)
      try communicator.allreduceSum(buffer.all, wire: wire)
      try communicator.reduceScatterSum(buffer.all, wire: wire)
      try communicator.allgather(buffer.all)
      #expect(buffer.all.array == Array(repeating: value, count: 5))
    }
    #expect(communicator.owned(ofCount: 5, by: 0) == 0..<5)

    #expect(try communicator.allgather([1.5, -2]) == [[1.5, -2]])
    #expect(try communicator.allgather("grüße") == ["grüße"])
    #expect(try communicator.broadcast("grüße", from: 0) == "grüße")
    try communicator.barrier()
    try communicator.finalize()
  }

  @Test func exchangeOfOneRankIsNothing() throws {
    let buffer = AlignedBuffer<Float>(repeating: 0.25, count: 5)
    defer { extendLifetime(buffer) }
    let exchange = try GradientExchange(communicator: InProcessCommunicator())
    exchange.submit(buffer.all)
    let times = try exchange.finish()
    #expect(times.waitedSeconds == 0)
    #expect(times.busySeconds == 0)
    #expect(buffer.all.array == [0.25, 0.25, 0.25, 0.25, 0.25])
  }
}
