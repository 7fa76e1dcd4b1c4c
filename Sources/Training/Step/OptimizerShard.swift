import Collectives
import Compute
import Optimization

/// AdamW on the floats that this rank owns, and the moments of these floats alone.
///
/// With sharding (ZeRO stage 1, Rajbhandari et al. 2020) a rank has the sum over the ranks for its part of the gradient
/// only, updates its part of the parameters, and all parts are gathered. AdamW works element by element, so that no bit
/// depends on who owns what. What it costs: a fault of one rank's memory in the parameters it has just updated
/// spreads to all, and comparing the ranks' parameters does not find it.
final class OptimizerShard: Sendable {
  static let momentCount = 2
  /// Floats that are updated at a time: 64 KiB of each arena.
  private static let pieceCount = 1 << 14

  let ownership: ArenaOwnership
  private let optimizer: AdamW
  private let communicator: any Communicator
  private let firstMoment: AlignedBuffer<Float>
  private let secondMoment: AlignedBuffer<Float>

  init(_ optimizer: AdamW, ownership: ArenaOwnership, communicator: any Communicator) {
    self.optimizer = optimizer
    self.ownership = ownership
    self.communicator = communicator
    let count = ownership.mine.reduce(0) { $0 + $1.count }
    firstMoment = AlignedBuffer(repeating: 0, count: count)
    secondMoment = AlignedBuffer(repeating: 0, count: count)
  }

  /// Moments of zero.
  func reset() {
    for index in 0..<Self.momentCount { clear(moment(index)) }
  }

  /// One worker's slices of the update; all workers together update what this rank owns.
  ///
  /// - Parameters:
  ///   - parameters, gradient: the arenas.
  ///   - step, learningRate, gradientScale: as for `AdamW.update`.
  ///   - updated: told of each piece of the parameters while it is still in the cache.
  func update(
    parameters: Vector, gradient: Vector, worker: Int, workers: Int, step: Int, learningRate: Double,
    gradientScale: Double, updated: (Range<Int>) -> Void
  ) {
    forEachPart { part, moments in
      let slice = slice(of: part.count, for: worker, among: workers)
      let end = part.lowerBound + slice.upperBound
      for start in stride(from: part.lowerBound + slice.lowerBound, to: end, by: Self.pieceCount) {
        let piece = start..<min(start + Self.pieceCount, end)
        optimizer.update(
          parameters: parameters, firstMoment: firstMoment.all[moments], secondMoment: secondMoment.all[moments],
          momentsBegin: part.lowerBound, gradient: gradient, in: piece,
          step: step, learningRate: learningRate, gradientScale: gradientScale)
        updated(piece)
      }
    }
  }

  /// Spreads to all ranks what each has in the floats that it owns. All ranks call it.
  func gather(_ arena: Vector) throws(CommunicatorError) {
    guard ownership.isSharded else { return }
    for bucket in ownership.buckets { try communicator.allgather(arena[bucket]) }
  }

  /// A moment of all floats. All ranks call it.
  ///
  /// - Parameter scratch: an arena to put it together in, where the ranks divide it.
  func wholeMoment(_ index: Int, scratch: Vector) throws(CommunicatorError) -> Vector {
    guard ownership.isSharded else { return moment(index) }
    forEachPart { part, moments in
      scratch[part].base.update(from: moment(index)[moments].base, count: part.count)
    }
    try gather(scratch)
    return scratch
  }

  /// Takes of a whole moment what this rank owns.
  func take(moment index: Int, from arena: Vector) {
    forEachPart { part, moments in
      moment(index)[moments].base.update(from: arena[part].base, count: part.count)
    }
  }

  private func moment(_ index: Int) -> Vector { index == 0 ? firstMoment.all : secondMoment.all }

  /// The floats of the arenas that this rank owns, with the place of their moments.
  private func forEachPart(_ body: (_ part: Range<Int>, _ moments: Range<Int>) -> Void) {
    var begin = 0
    for part in ownership.mine {
      body(part, begin..<begin + part.count)
      begin += part.count
    }
  }
}
