import Collectives
import Datasets
import Files

extension Communicator {
  /// What tells the data from others, the same on all ranks: a copy that lacks an image puts every later one in another place
  /// of the epoch's order. All ranks call it.
  ///
  /// - Throws: on all ranks: one sees other data.
  public func commonIdentity(of source: any ImageSource, path: String) throws -> DataIdentity {
    let mine = source.identity()
    let all = try allgather(mine.hash)
    guard let other = all.indices.first(where: { all[$0] != all[0] }) else { return mine }
    let found = try allgather("\(source.count) images in \(escaped(path))")
    let counts = try allgather([Double(source.count)])
    throw TrainingError.dataDiffers(
      rank: other, found: found[other], first: found[0], hasEqualCount: counts[other] == counts[0])
  }
}
