import Collectives

/// Which floats of the arenas each rank updates, and so has the moments of.
///
/// Without sharding every rank owns all. With it the ranks divide each bucket of the gradient as
/// `Communicator.reduceScatterSum` does.
struct ArenaOwnership: Sendable {
  let isSharded: Bool
  /// All floats, in the parts that cross between ranks at once, in the order of backward.
  let buckets: [Range<Int>]
  /// The floats of this rank.
  let mine: [Range<Int>]
  /// The floats of every rank.
  let all: [[Range<Int>]]

  init(buckets: [Range<Int>], isSharded: Bool, communicator: any Communicator) {
    let isSharded = isSharded && communicator.size > 1
    self.buckets = buckets
    self.isSharded = isSharded
    let everything = [0..<(buckets.map(\.upperBound).max() ?? 0)]
    all =
      (0..<communicator.size).map { rank in
        guard isSharded else { return everything }
        return buckets.map { bucket in
          let owned = communicator.owned(ofCount: bucket.count, by: rank)
          return bucket.lowerBound + owned.lowerBound..<bucket.lowerBound + owned.upperBound
        }
      }
    mine = all[communicator.rank]
  }
}
