import Checkpoints
import Compute

/// What a checkpoint has of a replica: its parameters and its moments. Moments that ranks divide pass through the arena
/// of the gradient, which is free between steps, so that no rank needs memory for all of them.
extension Replica {
  /// The parameters (0) or a moment (1…), whole and valid until the next call. All ranks call it.
  func savedArena(_ index: Int) throws -> Vector {
    index == 0 ? parameters.all : try optimizer.wholeMoment(index - 1, scratch: gradient)
  }

  /// The moving average of the parameters, as ``savedArena(_:)``; nil where there is none. All ranks call it.
  func average() throws -> Vector? { try optimizer.averageIndex.map { try savedArena(1 + $0) } }

  /// Takes the parameters, and of the moments what this rank owns.
  func restore(_ checkpoint: Checkpoint) throws(CheckpointError) {
    let layout = CheckpointLayout(task)
    try checkpoint.readParameters(layout, into: parameters.all, mustBeFinite: false, inParallel: inParallel)
    for index in layout.moments.indices {
      // What no tensor fills is zero in a moment.
      clear(gradient)
      try checkpoint.readMoment(
        index, layout, in: optimizer.ownership.mine, into: gradient, inParallel: inParallel)
      optimizer.setMoment(index, from: gradient)
    }
  }
}
