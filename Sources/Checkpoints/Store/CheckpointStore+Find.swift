import Files

/// What ``CheckpointStore/newestValid(refusing:)`` found.
public struct NewestCheckpoint: Equatable, Sendable {
  /// nil when there is none.
  public let step: Int?
  /// The newer ones that were not taken, newest first.
  public let passedOver: [PassedOverCheckpoint]

  public init(step: Int?, passedOver: [PassedOverCheckpoint]) {
    self.step = step
    self.passedOver = passedOver
  }
}

extension CheckpointStore {
  /// The steps that have a folder, valid or not, in ascending order; none when the store does not exist yet.
  public func steps() throws(CheckpointError) -> [Int] {
    do throws(FileError) {
      return try listDirectory(directory).compactMap(Self.step(of:)).sorted()
    } catch  where error.isNotFound {
      return []
    } catch {
      throw .file(error)
    }
  }

  /// The newest checkpoint whose files all have the sizes and hashes that its manifest says.
  ///
  /// - Parameter refusal: asked about each valid one, newest first; returns why it is of no use, or nil to take it.
  public func newestValid(
    refusing refusal: (_ step: Int) -> String? = { _ in nil }
  ) throws(CheckpointError) -> NewestCheckpoint {
    var passedOver: [PassedOverCheckpoint] = []
    for step in try steps().reversed() {
      guard let defect = examine(step: step, hashes: true) ?? refusal(step).map(CheckpointDefect.refused) else {
        return NewestCheckpoint(step: step, passedOver: passedOver)
      }
      passedOver.append(PassedOverCheckpoint(step: step, path: path(of: step), defect: defect))
    }
    return NewestCheckpoint(step: nil, passedOver: passedOver)
  }

  /// Reads the whole checkpoint of a step and compares it with its manifest.
  ///
  /// - Throws: ``CheckpointError/invalid(path:_:)`` with the first difference.
  public func verify(step: Int) throws(CheckpointError) {
    if let defect = examine(step: step, hashes: true) {
      throw .invalid(path: path(of: step), defect)
    }
  }

  /// What is wrong with the checkpoint of a step; nil when nothing is.
  ///
  /// - Parameter hashes: whether contents are compared too; without, only presence and sizes are.
  func examine(step: Int, hashes: Bool) -> CheckpointDefect? {
    do throws(CheckpointDefect) {
      try examineCheckpoint(path(of: step), step: step, hashes: hashes)
      return nil
    } catch {
      return error
    }
  }
}

/// Compares the folder of a checkpoint with its manifest.
///
/// - Parameters:
///   - step: the one that the manifest must name; nil when any will do.
/// - Returns: the step that the manifest names.
@discardableResult
func examineCheckpoint(_ path: String, step: Int?, hashes: Bool) throws(CheckpointDefect) -> Int {
  guard try reading({ () throws(FileError) in try fileKindFollowingLinks(path) }) != nil else { throw .notThere }
  let manifestPath = "\(path)/\(CheckpointManifest.fileName)"
  let kind = try reading { () throws(FileError) in try fileKindFollowingLinks(manifestPath) }
  guard kind != nil else { throw .manifestMissing }
  let file = try reading { () throws(FileError) in try MappedFile(path: manifestPath) }
  let manifest = try CheckpointManifest(file.bytes, path: manifestPath)
  if let step, manifest.step != step {
    throw .otherStep(found: manifest.step, expected: step)
  }
  for entry in manifest.entries {
    let filePath = "\(path)/\(entry.name)"
    let kind = try reading { () throws(FileError) in try fileKindFollowingLinks(filePath) }
    guard kind == .regular else { throw .fileMissing(entry.name) }
    let byteCount = try reading { () throws(FileError) in try fileSize(filePath) }
    guard byteCount == entry.byteCount else {
      throw .wrongSize(file: entry.name, expected: entry.byteCount, found: byteCount)
    }
  }
  guard hashes else { return manifest.step }
  let pieces = manifest.entries.flatMap { entry in
    entry.hashes.indices.map { (entry: entry, piece: $0) }
  }
  let found = contentHashes(
    of: pieces.map { FilePart(path: "\(path)/\($0.entry.name)", bytes: $0.entry.pieces.bytes(of: $0.piece)) })
  for ((entry, piece), hash) in zip(pieces, found) {
    guard try reading({ () throws(FileError) in try hash.get() }) == entry.hashes[piece] else {
      throw .hashDiffers(file: entry.name)
    }
  }
  return manifest.step
}

private func reading<Value>(_ body: () throws(FileError) -> Value) throws(CheckpointDefect) -> Value {
  do {
    return try body()
  } catch {
    throw .unreadable(error)
  }
}
