import Collectives
import Datasets
import Files

/// What the headers of a run's tar shards say. Each rank reads a part of those that are not known from an earlier start of the
/// run, and all ranks have all of them.
struct CommonShardIndex {
  /// Nothing where images are kept otherwise.
  private(set) var index = ShardIndex()
  /// What was read and what was known, for people; nil where there are no shards.
  private(set) var note: String?
  private var isKept = true

  /// All ranks call it. Nothing is written.
  ///
  /// - Parameter file: where an earlier start has kept it.
  init(_ paths: DataPaths, file: String, on communicator: any Communicator) throws {
    let shards = try communicator.together { try shardPaths(at: paths) }
    let lists = try communicator.allgather(shards.joined(separator: "\n"))
    // Ranks that find other shards have other data, which is noticed when the data is compared.
    guard !shards.isEmpty, lists.allSatisfy({ $0 == lists[0] }) else { return }
    let (known, isDamaged) = try communicator.together {
      communicator.rank == 0 ? try Self.read(file) : (nil, false)
    }
    let outdated = try communicator.together {
      communicator.rank == 0 ? try (known ?? ShardIndex()).outdated(of: shards) : []
    }
    let places = try communicator.broadcast(outdated.map(String.init).joined(separator: " "), from: 0)
      .split(separator: " ").compactMap { Int($0) }
    // All that is known of other shards is of no use.
    index = try Self.decoded(try communicator.broadcast((known ?? ShardIndex()).only(shards).bytes, from: 0))
    let part = try communicator.together {
      var part = ShardIndex()
      for (turn, place) in places.enumerated() where turn % communicator.size == communicator.rank {
        try part.read(shards[place])
      }
      return part
    }
    for bytes in try communicator.allgather(part.bytes) { index.take(try Self.decoded(bytes)) }
    isKept = places.isEmpty
    note = Self.note(shards: shards.count, read: places.count, hadFile: known != nil, isDamaged: isDamaged, file: file)
  }

  /// Keeps the index beside the run, if it is another than the one that is there. Rank 0 calls it.
  ///
  /// - Returns: why it could not be kept, which only costs the next start its time.
  func keep(in file: String) -> String? {
    guard note != nil, !isKept else { return nil }
    do throws(FileError) {
      try replaceFile(file, with: index.bytes)
      return nil
    } catch {
      return
        "the index of the shards cannot be kept in \(escaped(file)) (\(error.reason)); the next start reads them again"
    }
  }

  /// - Returns: nil where there is none, or it is damaged.
  private static func read(_ file: String) throws(DatasetError) -> (ShardIndex?, isDamaged: Bool) {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try tryingAgain { () throws(FileError) in try readFile(file) }
    } catch {
      return (nil, isDamaged: !error.isNotFound)
    }
    let index = ShardIndex(bytes)
    return (index, isDamaged: index == nil)
  }

  private static func decoded(_ bytes: [UInt8]) throws -> ShardIndex {
    guard let index = ShardIndex(bytes) else { preconditionFailure("an index of shards that was changed on its way") }
    return index
  }

  private static func note(shards: Int, read: Int, hadFile: Bool, isDamaged: Bool, file: String) -> String {
    let all = "\(shards) tar file\(shards == 1 ? "" : "s")"
    if isDamaged {
      return "\(escaped(file)) is no index of tar files, or a damaged one; the headers of \(all) were read anew"
    }
    if !hadFile { return "read the headers of \(all), to be kept in \(escaped(file))" }
    if read == 0 { return "took what the headers of \(all) say from \(escaped(file))" }
    return "\(read) of \(all) are new, or others than when \(escaped(file)) was written; their headers were read anew"
  }
}
