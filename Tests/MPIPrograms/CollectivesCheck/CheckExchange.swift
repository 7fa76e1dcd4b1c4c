import Collectives
import Compute

/// `GradientExchange` over several steps, with work of this thread's own while it runs.
func checkExchange(_ communicator: any Communicator) throws {
  let bounds = [0, 1000, 1000, 40_000, 500_000, 1_200_003]
  let count = bounds.last!
  let own = AlignedBuffer<Float>(repeating: 0, count: count)
  defer { extendLifetime(own) }
  let gradient = AlignedBuffer<Float>(repeating: 0, count: count)
  defer { extendLifetime(gradient) }
  Shards.sumOwn(into: own.all, communicator: communicator)
  let exchange = try GradientExchange(communicator: communicator)
  for step in 0..<4 {
    gradient.base.initialize(repeating: .nan, count: count)
    // In order of backward: the last part is ready first.
    for part in (1..<bounds.count).reversed() {
      let range = bounds[part - 1]..<bounds[part]
      (gradient.base + range.lowerBound).update(from: own.base + range.lowerBound, count: range.count)
      exchange.submit(gradient.all[range])
    }
    let times = try exchange.finish()
    guard communicator.size == 1 || times.busySeconds > 0 else { throw CheckFailure("nothing was exchanged") }
    for index in 0..<count where gradient.base[index].bitPattern != Shards.treeSum(at: index).bitPattern {
      throw CheckFailure("step \(step), element \(index): \(gradient.base[index])")
    }
    // The thread is idle now: control calls from this thread are free.
    let steps = try communicator.allgather([Double(step)])
    guard steps == Array(repeating: [Double(step)], count: communicator.size) else {
      throw CheckFailure("control call after step \(step): \(steps)")
    }
  }
  let idle = try exchange.finish()
  guard idle.busySeconds == 0 else { throw CheckFailure("an empty step was busy for \(idle.busySeconds) s") }
}
