import Hashing

/// What tells a data set apart from others, wherever it lies: a run remembers it, and all ranks of a run have the same.
///
/// Another count, order, name or label is always noticed. What else is, each source says: it must be cheap beside listing or
/// reading the data set.
public struct DataIdentity: Codable, Equatable, Sendable {
  /// Images.
  public let count: Int
  /// XXH3-128 of what the source knows of its images, 32 hexadecimal digits.
  public let hash: String

  public init(count: Int, hash: String) {
    self.count = count
    self.hash = hash
  }

  /// - Parameter feed: gives the hash all that tells the images from others, the same whatever path they lie at.
  init(count: Int, _ feed: (ContentHash) -> Void) {
    let hash = ContentHash()
    hash.update(UInt64(count))
    feed(hash)
    self.init(count: count, hash: hash.hexadecimal)
  }
}
