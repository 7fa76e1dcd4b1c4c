import Files

/// The folder `RUN/checkpoints`: each checkpoint is a folder `step-00001234` that appears whole or not at all.
///
/// Order of a save: everything goes into a hidden sibling `.step-00001234.tmp-…`; each writer writes and synchronises its
/// pieces of the files; when all have, the manifest, with their hashes, is written and synchronised; the sibling's names are
/// synchronised; the sibling is renamed to its final name; the parent's names are synchronised. Whatever point the
/// power fails at, what can be found afterwards is the checkpoint before or the new one.
///
/// One run saves at a time, which ``RunLock`` ensures, and of its processes one commits; it may prune meanwhile on another
/// thread.
public struct CheckpointStore: Sendable {
  /// `RUN/checkpoints`.
  public let directory: String
  let fileSystem: any FileSystem
  /// The length of the pieces that files are hashed in.
  let pieceByteCount: Int

  /// A multiple of what file systems and their servers allocate and lock, and small enough to divide a model among many.
  public static let defaultPieceByteCount = 8 << 20

  /// Nothing is touched until the first save. The parent of `directory` must exist by then.
  ///
  /// - Parameter pieceByteCount: how much of a file has a hash of its own, a multiple of 4; what was saved with another
  ///   number is read all the same.
  public init(
    directory: String, fileSystem: any FileSystem = PosixFileSystem(),
    pieceByteCount: Int = CheckpointStore.defaultPieceByteCount
  ) {
    precondition(pieceByteCount > 0 && pieceByteCount.isMultiple(of: 4), "pieces of \(pieceByteCount) bytes cut floats")
    self.directory = directory
    self.fileSystem = fileSystem
    self.pieceByteCount = pieceByteCount
  }

  public enum SaveResult: Equatable, Sendable {
    case saved(byteCount: Int)
    /// A valid checkpoint of that step exists; nothing was written.
    case alreadyThere
  }

  /// Saves the checkpoint of a step. When it returns, the checkpoint survives a power cut.
  ///
  /// A run gets to the same state at the same step each time, so a valid checkpoint of that step is left as it is.
  /// Whoever goes back to an older step on purpose removes the newer ones first with ``discard(newerThan:)``.
  /// An invalid one is replaced.
  ///
  /// - Throws: ``CheckpointError/unread(_:)`` where a checkpoint of the step is there that cannot be read;
  ///   ``CheckpointError/notSaved(step:by:_:)``: what was half written has then been removed as far as
  ///   possible, and older checkpoints are as they were.
  @discardableResult
  public func save(step: Int, files: [CheckpointFile]) throws(CheckpointError) -> SaveResult {
    precondition(Set(files.map(\.name)).count == files.count, "two files have the same name")
    guard let save = try begin(step: step) else { return .alreadyThere }
    return try conclude(save, files, [writePart(allPieces(of: files, in: files.indices), of: files, save, by: "")])
  }

  /// Whether there is a checkpoint of the step, and all its bytes are what its manifest says.
  func holdsValid(step: Int) throws(CheckpointError) -> Bool { try examine(step: step, hashes: true) == nil }
}
