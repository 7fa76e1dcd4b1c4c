import Files
import Hashing
import Safetensors

/// Some consecutive pieces of one of a checkpoint's files.
struct PieceRange: Equatable, Sendable {
  /// Its place among the files.
  let file: Int
  let pieces: Range<Int>
}

/// The hash of a piece that was written.
struct PieceHash: Codable, Equatable, Sendable {
  /// Its place among the files.
  let file: Int
  let piece: Int
  let hash: String
}

/// A save that has begun: what its writers have to agree on.
public struct RunningSave: Equatable, Sendable {
  public let step: Int
  /// Eight digits that no other save of the step has.
  public let token: String

  public init(step: Int, token: String) {
    self.step = step
    self.token = token
  }
}

/// What became of one writer's part of a save, for the one that commits.
public struct WrittenPart: Codable, Sendable {
  /// Who wrote it, for people.
  let writer: String
  let seconds: Double
  let hashes: [PieceHash]
  /// Why it could not be written; nil where all of it is on stable storage.
  let failure: FileError?
}

/// The parts of a save. Each writer writes its pieces into the same hidden folder, in any order and at the same time; when
/// all have done so, one of them commits.
extension CheckpointStore {
  static func freshToken() -> String {
    String(hexadecimalDigits(UInt64.random(in: 0...UInt64.max)).prefix(8))
  }

  func pieces(of file: CheckpointFile) -> FilePieces {
    FilePieces(byteCount: file.byteCount, pieceByteCount: pieceByteCount)
  }

  /// All pieces of some of the files.
  func allPieces(of files: [CheckpointFile], in places: Range<Int>) -> [PieceRange] {
    places.map { PieceRange(file: $0, pieces: 0..<pieces(of: files[$0]).count) }
  }

  private func write(
    _ part: [PieceRange], of files: [CheckpointFile], _ save: RunningSave
  ) throws(FileError) -> [PieceHash] {
    guard !part.isEmpty else { return [] }
    if try fileKindFollowingLinks(directory) == nil {
      try fileSystem.createDirectoryIfMissing(directory)
      try fileSystem.synchronizeDirectory(parentDirectory(of: directory))
    }
    let folder = temporaryPath(of: save)
    try fileSystem.createDirectoryIfMissing(folder)
    var hashes: [PieceHash] = []
    for range in part where !range.pieces.isEmpty {
      let file = files[range.file]
      let pieces = pieces(of: file)
      let path = "\(folder)/\(file.name)"
      try fileSystem.write(path, at: pieces.bytes(of: range.pieces).lowerBound) { (sink: ByteSink) throws(FileError) in
        for piece in range.pieces {
          let hash = ContentHash()
          try file.emit(pieces.bytes(of: piece)) { (bytes: UnsafeRawBufferPointer) throws(FileError) in
            // A little at a time, so that the bytes are still in the cache when the kernel copies them.
            for start in stride(from: 0, to: bytes.count, by: Self.blockByteCount) {
              let end = min(start + Self.blockByteCount, bytes.count)
              let block = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
              hash.update(block)
              try sink(block)
            }
          }
          hashes.append(PieceHash(file: range.file, piece: piece, hash: hash.hexadecimal))
        }
      }
      try fileSystem.synchronizeFile(path)
    }
    return hashes
  }

  /// Begins a save of a step.
  ///
  /// - Returns: nil where a valid checkpoint of the step exists: a run gets to the same state at the same step each time.
  /// - Throws: ``CheckpointError/unread(_:)`` where one is there of which nothing is known; it is not replaced.
  func begin(step: Int) throws(CheckpointError) -> RunningSave? {
    precondition(step >= 0, "no step \(step)")
    return try holdsValid(step: step) ? nil : RunningSave(step: step, token: Self.freshToken())
  }

  /// Makes a checkpoint of what all writers have written, or removes it where one of them could not write its part.
  ///
  /// - Throws: ``CheckpointError/notSaved(step:by:_:)``.
  func conclude(
    _ save: RunningSave, _ files: [CheckpointFile], _ parts: [WrittenPart]
  ) throws(CheckpointError) -> SaveResult {
    for part in parts {
      guard let failure = part.failure else { continue }
      abandon(save)
      throw .notSaved(step: save.step, by: parts.count > 1 ? part.writer : nil, failure)
    }
    do throws(FileError) {
      return .saved(byteCount: try commit(save, files, parts.flatMap(\.hashes)))
    } catch {
      abandon(save)
      throw .notSaved(step: save.step, by: nil, error)
    }
  }

  /// Writes and synchronises some pieces, the part of one writer.
  ///
  /// - Parameter writer: who does, for people.
  func writePart(
    _ pieces: [PieceRange], of files: [CheckpointFile], _ save: RunningSave, by writer: String
  ) -> WrittenPart {
    let start = ContinuousClock.now
    var hashes: [PieceHash] = []
    var failure: FileError?
    do throws(FileError) {
      hashes = try write(pieces, of: files, save)
    } catch {
      failure = error
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    return WrittenPart(writer: writer, seconds: seconds, hashes: hashes, failure: failure)
  }

  /// - Parameter hashes: of every piece of every file, in any order.
  /// - Returns: the number of bytes of the checkpoint.
  private func commit(_ save: RunningSave, _ files: [CheckpointFile], _ hashes: [PieceHash]) throws(FileError) -> Int {
    let manifest = manifest(step: save.step, files, hashes).text
    let folder = temporaryPath(of: save)
    let manifestPath = "\(folder)/\(CheckpointManifest.fileName)"
    try fileSystem.write(manifestPath) { (sink: ByteSink) throws(FileError) in try emit(manifest, to: sink) }
    try fileSystem.synchronizeFile(manifestPath)
    try fileSystem.synchronizeDirectory(folder)

    let final = path(of: save.step)
    if try fileKindFollowingLinks(final) != nil {
      let removed = hiddenPath(of: save.step, purpose: Self.removedMark)
      try fileSystem.rename(final, to: removed)
      try fileSystem.rename(folder, to: final)
      try fileSystem.synchronizeDirectory(directory)
      // The new one is safe; what of the old one resists is removed at the next start.
      try? fileSystem.removeTree(removed)
    } else {
      try fileSystem.rename(folder, to: final)
      try fileSystem.synchronizeDirectory(directory)
    }
    return files.reduce(manifest.count) { $0 + $1.byteCount }
  }

  /// Removes what was written of a save that has failed, as far as possible; what stays behind is removed at the next start.
  private func abandon(_ save: RunningSave) {
    try? fileSystem.removeTree(temporaryPath(of: save))
  }

  private func temporaryPath(of save: RunningSave) -> String {
    hiddenPath(of: save.step, purpose: Self.temporaryMark, token: save.token)
  }

  private func manifest(step: Int, _ files: [CheckpointFile], _ hashes: [PieceHash]) -> CheckpointManifest {
    let byFile = Dictionary(grouping: hashes, by: \.file)
    return CheckpointManifest(
      step: step,
      entries: files.enumerated().map { index, file in
        let pieces = pieces(of: file)
        let found = (byFile[index] ?? []).sorted { $0.piece < $1.piece }
        precondition(
          found.map(\.piece) == Array(0..<pieces.count), "the writers have not written each piece of \(file.name) once")
        return .init(name: file.name, pieces: pieces, hashes: found.map(\.hash))
      })
  }

  /// Bytes that are hashed and written at a time.
  private static let blockByteCount = 1 << 18
}
