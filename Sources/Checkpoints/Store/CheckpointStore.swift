/// One file of a checkpoint that is to be saved.
public struct CheckpointFile: Sendable {
  public let name: String
  let source: @Sendable (ByteSink) throws(FileError) -> Void

  /// - Parameters:
  ///   - name: a plain file name other than `manifest.json`.
  ///   - source: hands out all bytes of the file, piece after piece.
  public init(name: String, source: @escaping @Sendable (ByteSink) throws(FileError) -> Void) {
    precondition(isPlainFileName(name) && name != CheckpointManifest.fileName, "\(name) cannot be part of a checkpoint")
    self.name = name
    self.source = source
  }

  public init(name: String, bytes: [UInt8]) {
    self.init(name: name) { (sink: ByteSink) throws(FileError) in try emit(bytes, to: sink) }
  }

  public init(name: String, contents: SafetensorsContents) {
    self.init(name: name) { (sink: ByteSink) throws(FileError) in try contents.write(to: sink) }
  }
}

/// The folder `RUN/checkpoints`: each checkpoint is a folder `step-00001234` that appears whole or not at all.
///
/// Order of a save: everything goes into a hidden sibling `.step-00001234.tmp-…`; each file is written and
/// synchronised; the manifest, with their hashes, is written and synchronised last; the sibling's names are
/// synchronised; the sibling is renamed to its final name; the parent's names are synchronised. Whatever point the
/// power fails at, what can be found afterwards is the checkpoint before or the new one.
///
/// One process saves at a time, which ``RunLock`` ensures; it may prune meanwhile on another thread.
public struct CheckpointStore: Sendable {
  /// `RUN/checkpoints`.
  public let directory: String
  let fileSystem: any FileSystem

  /// Nothing is touched until the first save. The parent of `directory` must exist by then.
  public init(directory: String, fileSystem: any FileSystem = PosixFileSystem()) {
    self.directory = directory
    self.fileSystem = fileSystem
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
  /// - Throws: ``CheckpointError/notSaved(step:_:)``; what was half written has then been removed as far as
  ///   possible, and older checkpoints are as they were.
  @discardableResult
  public func save(step: Int, files: [CheckpointFile]) throws(CheckpointError) -> SaveResult {
    precondition(step >= 0 && Set(files.map(\.name)).count == files.count, "two files have the same name")
    let final = path(of: step)
    let temporary = hiddenPath(of: step, purpose: Self.temporaryMark)
    do throws(FileError) {
      if try fileKindFollowingLinks(directory) == nil {
        try fileSystem.createDirectory(directory)
        try fileSystem.synchronizeDirectory(parentDirectory(of: directory))
      }
      let occupied = try fileKindFollowingLinks(final) != nil
      if occupied && examine(step: step, hashes: true) == nil {
        return .alreadyThere
      }
      let byteCount = try write(step: step, files: files, to: temporary)
      if occupied {
        let removed = hiddenPath(of: step, purpose: Self.removedMark)
        try fileSystem.rename(final, to: removed)
        try fileSystem.rename(temporary, to: final)
        try fileSystem.synchronizeDirectory(directory)
        // The new one is safe; what of the old one resists is removed at the next start.
        try? fileSystem.removeTree(removed)
      } else {
        try fileSystem.rename(temporary, to: final)
        try fileSystem.synchronizeDirectory(directory)
      }
      return .saved(byteCount: byteCount)
    } catch {
      // The first error is the one to report; what stays behind is removed at the next start.
      try? fileSystem.removeTree(temporary)
      throw .notSaved(step: step, error)
    }
  }

  /// Writes and synchronises everything, and returns the number of bytes.
  private func write(step: Int, files: [CheckpointFile], to folder: String) throws(FileError) -> Int {
    try fileSystem.createDirectory(folder)
    var entries: [CheckpointManifest.Entry] = []
    for file in files {
      let hash = ContentHash()
      var byteCount = 0
      try fileSystem.write("\(folder)/\(file.name)") { (sink: ByteSink) throws(FileError) in
        try file.source { (bytes: UnsafeRawBufferPointer) throws(FileError) in
          // In pieces, so that the bytes are still in the cache when the kernel copies them.
          for start in stride(from: 0, to: bytes.count, by: Self.pieceByteCount) {
            let end = min(start + Self.pieceByteCount, bytes.count)
            let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
            hash.update(piece)
            try sink(piece)
          }
          byteCount += bytes.count
        }
      }
      try fileSystem.synchronizeFile("\(folder)/\(file.name)")
      entries.append(.init(name: file.name, byteCount: byteCount, hash: hash.hexadecimal))
    }
    let manifest = CheckpointManifest(step: step, entries: entries).text
    let manifestPath = "\(folder)/\(CheckpointManifest.fileName)"
    try fileSystem.write(manifestPath) { (sink: ByteSink) throws(FileError) in try emit(manifest, to: sink) }
    try fileSystem.synchronizeFile(manifestPath)
    try fileSystem.synchronizeDirectory(folder)
    return entries.reduce(manifest.count) { $0 + $1.byteCount }
  }

  private static let pieceByteCount = 1 << 18
}
