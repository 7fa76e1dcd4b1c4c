import Files

/// What the headers of tar shards say, so that they need not be read again: for each shard its images and labels, and the size
/// and the time that it had then.
///
/// Its bytes are those of a file: a shard after another, numbers of 64 bits with the least byte first, and in the end a hash of
/// all before.
public struct ShardIndex: Sendable, Equatable {
  struct Shard: Sendable, Equatable {
    let size: Int
    /// When it was last written to, in nanoseconds since 1970.
    let modified: Int
    let samples: TarSamples
  }

  private(set) var shards: [String: Shard] = [:]

  public init() {}

  /// Which of the shards at `paths`, by their places, are not in the index as they are now.
  public func outdated(of paths: [String]) throws(DatasetError) -> [Int] {
    var places: [Int] = []
    for (place, path) in paths.enumerated() {
      let status = try readingDataset { () throws(FileError) in try FileStatus(path) }
      let known = shards[path]
      if known == nil || known!.size != status.size || known!.modified != status.modified { places.append(place) }
    }
    return places
  }

  /// Reads the headers of the shard at `path`.
  public mutating func read(_ path: String) throws(DatasetError) {
    // The time before the headers: a shard that is written to while they are read is read again the next time.
    let status = try readingDataset { () throws(FileError) in try FileStatus(path) }
    let file = try RandomAccessFile(path: path)
    shards[path] = Shard(size: file.size, modified: status.modified, samples: try TarSamples(file))
  }

  mutating func take(_ path: String, _ shard: Shard) { shards[path] = shard }

  /// Takes the shards of another index, in the place of the same ones.
  public mutating func take(_ other: ShardIndex) { shards.merge(other.shards) { _, new in new } }

  /// Without the shards that are at none of `paths`.
  public func only(_ paths: [String]) -> ShardIndex {
    let wanted = Set(paths)
    var index = self
    index.shards = shards.filter { wanted.contains($0.key) }
    return index
  }

  /// Of the shard at `path`: from the index if it has the size that it had when it was read (a copy on another host has a time
  /// of its own), otherwise from its headers.
  func samplesAndSize(of path: String) throws(DatasetError) -> (TarSamples, Int) {
    if let shard = shards[path] {
      let size = try readingDataset { () throws(FileError) in try fileSize(path) }
      if size == shard.size { return (shard.samples, size) }
    }
    let file = try RandomAccessFile(path: path)
    return (try TarSamples(file), file.size)
  }
}

/// The tar shards that `openSource` reads at these paths, in its order; none where images are kept otherwise.
public func shardPaths(at paths: DataPaths) throws(DatasetError) -> [String] {
  var shards: [String] = []
  for path in paths.all {
    let names = (try? fileKindFollowingLinks(path)) != nil ? [path] : try ShardNames.expand(path)
    guard names == [path] else {
      shards += names
      continue
    }
    let place = try SourcePlace(path)
    if let found = try TarSource.shards(at: place) {
      shards += found
    } else if let listed = try ListSource.listedSets(at: place) {
      shards += try shardPaths(at: listed)
    }
  }
  return shards
}
