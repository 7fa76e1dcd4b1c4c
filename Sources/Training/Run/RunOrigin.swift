import Checkpoints
import Collectives
import Foundation

/// What a run began with. Until it has a later checkpoint of its own, this is what it goes back to.
///
/// A checkpoint of another run stays open for as long as this one lives, so that the other does not prune it, and going back
/// finds what was begun with and not what is the newest there by then.
enum RunOrigin {
  /// A checkpoint of the run directory itself, which keeps the newest ones.
  case own
  /// The weights that the seed gives.
  case seed
  /// The weights of another run.
  case weights(Checkpoint)
  /// The state of another run, moments and step included.
  case state(Checkpoint)

  /// The same on all ranks: of their paths to the run directory, which may differ, rank 0's counts.
  ///
  /// - Parameters:
  ///   - resumed: the checkpoint that the run goes on from.
  ///   - initial: where there is none, the one whose weights it takes.
  ///   - store: the run's own checkpoints.
  init(
    resumed: Checkpoint?, initial: Checkpoint?, store: CheckpointStore, communicator: any Communicator
  ) throws(CommunicatorError) {
    guard let resumed else {
      self = initial.map(RunOrigin.weights) ?? .seed
      return
    }
    let folder = URL(filePath: resumed.path).deletingLastPathComponent().resolvingSymlinksInPath()
    let isOwn = folder.path == URL(filePath: store.directory).resolvingSymlinksInPath().path
    self = try communicator.broadcast([isOwn ? 1 : 0], from: 0) == [1] ? .own : .state(resumed)
  }

  /// The newest checkpoint of the run's own that is later than what it began with; nil where there is none.
  func laterCheckpoint(in store: CheckpointStore) throws(CheckpointError) -> Checkpoint? {
    let newest = try Checkpoint.newest(of: store)
    guard case .state(let begun) = self, let newest, newest.step <= begun.step else { return newest }
    return nil
  }
}
