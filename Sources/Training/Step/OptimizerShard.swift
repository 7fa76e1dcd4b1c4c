import Collectives
import Compute
import Optimization

/// The optimiser on the floats that this rank owns, and the moments of these floats alone. The moving average of the parameters,
/// where there is one, is the last of the moments.
///
/// With sharding (ZeRO stage 1, Rajbhandari et al. 2020) a rank has the sum over the ranks for its part of the gradient
/// only, updates its part of the parameters, and all parts are gathered. The update works element by element, so that no
/// bit depends on who owns what. What it costs: a fault of one rank's memory in the parameters it has just updated
/// spreads to all, and comparing the ranks' parameters does not find it.
final class OptimizerShard: Sendable {
  /// Floats that are updated at a time: 64 KiB of each arena.
  private static let pieceCount = 1 << 14

  let ownership: ArenaOwnership
  private let optimizer: any Optimizer
  /// Of the parameters' moving average; nil where there is none.
  private let averageDecay: Double?
  private let momentCount: Int
  private let communicator: any Communicator
  private let ownedCount: Int
  private let buffer: AlignedBuffer<Float>

  init(
    _ optimizer: any Optimizer, averageDecay: Double?, ownership: ArenaOwnership, communicator: any Communicator
  ) {
    self.optimizer = optimizer
    self.averageDecay = averageDecay
    momentCount = optimizer.momentNames.count + (averageDecay == nil ? 0 : 1)
    self.ownership = ownership
    self.communicator = communicator
    ownedCount = ownership.mine.reduce(0) { $0 + $1.count }
    buffer = AlignedBuffer(repeating: 0, count: momentCount * Self.rowStride(ownedCount))
  }

  /// A row for each moment, one column for each float that this rank owns.
  private var moments: Matrix {
    Matrix(base: buffer.base, rows: momentCount, columns: ownedCount, stride: Self.rowStride(ownedCount))
  }

  /// Each moment begins on a cache line.
  private static func rowStride(_ count: Int) -> Int { (count + 15) / 16 * 16 }

  /// Moments of zero, and an average that begins with the parameters.
  func reset(_ parameters: Vector) {
    clear(buffer.all)
    if let averageIndex { setMoment(averageIndex, from: parameters) }
  }

  /// The number of the moment that is the parameters' average; nil where there is none.
  var averageIndex: Int? { averageDecay == nil ? nil : momentCount - 1 }

  /// Lets the optimiser look at the whole of what it is to update; before any thread's `update`.
  func measure(parameters: Vector, gradient: Vector, gradientScale: Double) {
    optimizer.measure(parameters: parameters, gradient: gradient, gradientScale: gradientScale)
  }

  /// One thread's slices of the update; all threads together update what this rank owns.
  ///
  /// - Parameters:
  ///   - parameters, gradient: the arenas.
  ///   - step, learningRate, gradientScale: as for `Optimizer.update`.
  ///   - updated: told of each piece of the parameters while it is still in the cache.
  func update(
    parameters: Vector, gradient: Vector, thread: Int, threads: Int, step: Int, learningRate: Double,
    gradientScale: Double, updated: (Range<Int>) -> Void
  ) {
    forEachPart { part, columns in
      let slice = slice(of: part.count, for: thread, among: threads)
      let end = part.lowerBound + slice.upperBound
      for start in stride(from: part.lowerBound + slice.lowerBound, to: end, by: Self.pieceCount) {
        let piece = start..<min(start + Self.pieceCount, end)
        optimizer.update(
          parameters: parameters, moments: moments.columns(columns), momentsBegin: part.lowerBound,
          gradient: gradient, in: piece, step: step, learningRate: learningRate, gradientScale: gradientScale)
        if let averageDecay {
          let first = columns.lowerBound + piece.lowerBound - part.lowerBound
          updateWeightAverage(
            average: moments.row(momentCount - 1)[first..<first + piece.count], weights: parameters[piece],
            decay: averageDecay)
        }
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
    guard ownership.isSharded else { return moments.row(index) }
    forEachPart { part, columns in
      scratch[part].base.update(from: moments.row(index)[columns].base, count: part.count)
    }
    try gather(scratch)
    return scratch
  }

  /// Sets of a moment what this rank owns.
  ///
  /// - Parameter arena: the moment of all floats.
  func setMoment(_ index: Int, from arena: Vector) {
    forEachPart { part, columns in
      moments.row(index)[columns].base.update(from: arena[part].base, count: part.count)
    }
  }

  /// The floats of the arenas that this rank owns, with the columns of their moments.
  private func forEachPart(_ body: (_ part: Range<Int>, _ columns: Range<Int>) -> Void) {
    var begin = 0
    for part in ownership.mine {
      body(part, begin..<begin + part.count)
      begin += part.count
    }
  }
}
