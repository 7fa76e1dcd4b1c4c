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
      return try tryingAgain { () throws(FileError) in try listDirectory(directory) }.compactMap(Self.step(of:))
        .sorted()
    } catch  where error.isNotFound {
      return []
    } catch {
      throw .unread(error)
    }
  }

  /// The newest checkpoint whose files all have the sizes and hashes that its manifest says. What is removed while this
  /// looks, by a run that goes on, counts neither as found nor as passed over.
  ///
  /// - Parameter refusal: asked about each valid one, newest first; returns why it is of no use, or nil to take it.
  /// - Throws: ``CheckpointError/unread(_:)`` where one could not be read: whether it is valid is not known then.
  public func newestValid(
    refusing refusal: (_ step: Int) -> String? = { _ in nil }
  ) throws(CheckpointError) -> NewestCheckpoint {
    var listed = try steps()
    for _ in 0..<Self.listingLimit {
      var passedOver: [PassedOverCheckpoint] = []
      for step in listed.reversed() {
        guard let defect = try examine(step: step, hashes: true) ?? refusal(step).map(CheckpointDefect.refused) else {
          return NewestCheckpoint(step: step, passedOver: passedOver)
        }
        if defect != .notThere {
          passedOver.append(PassedOverCheckpoint(step: step, path: path(of: step), defect: defect))
        }
      }
      let now = try steps()
      if now == listed { return NewestCheckpoint(step: nil, passedOver: passedOver) }
      listed = now
    }
    throw .changesTooFast(path: directory)
  }

  /// A run that saves so fast that each of so many listings was out of date at once has something else wrong with it.
  static let listingLimit = 100

  /// Reads the whole checkpoint of a step and compares it with its manifest.
  ///
  /// - Throws: ``CheckpointError/invalid(path:_:)`` with the first difference, ``CheckpointError/unread(_:)``.
  public func verify(step: Int) throws(CheckpointError) {
    if let defect = try examine(step: step, hashes: true) {
      throw .invalid(path: path(of: step), defect)
    }
  }

  /// What is wrong with the checkpoint of a step; nil when nothing is.
  ///
  /// - Parameter hashes: whether contents are compared too; without, only presence and sizes are.
  /// - Throws: ``CheckpointError/unread(_:)``.
  func examine(step: Int, hashes: Bool) throws(CheckpointError) -> CheckpointDefect? {
    try examineCheckpoint(path(of: step), step: step, hashes: hashes)
  }
}

/// Compares the folder of a checkpoint with its manifest.
///
/// - Parameters:
///   - step: the one that the manifest must name; nil when any will do.
/// - Returns: the first thing that is wrong; nil where nothing is.
/// - Throws: ``CheckpointError/unread(_:)`` where a file could not be read, also some time later.
func examineCheckpoint(_ path: String, step: Int?, hashes: Bool) throws(CheckpointError) -> CheckpointDefect? {
  do throws(Examination) {
    try findDefect(path, step: step, hashes: hashes)
    return nil
  } catch {
    switch error {
    case .unread(let error): throw .unread(error)
    // One that is being removed takes another name first: its files are then missing here.
    case .defect(let defect): return try isGone(path) ? .notThere : defect
    }
  }
}

/// Whether nothing has this name.
func isGone(_ path: String) throws(CheckpointError) -> Bool {
  do throws(FileError) {
    return try tryingAgain { () throws(FileError) in try fileKindFollowingLinks(path) } == nil
  } catch {
    throw .unread(error)
  }
}

/// How looking at a checkpoint ends where it does not end well.
private enum Examination: Error {
  case defect(CheckpointDefect)
  case unread(FileError)
}

private func findDefect(_ path: String, step: Int?, hashes: Bool) throws(Examination) {
  guard try reading({ () throws(FileError) in try fileKindFollowingLinks(path) }) != nil else {
    throw .defect(.notThere)
  }
  let manifestPath = "\(path)/\(CheckpointManifest.fileName)"
  let kind = try reading { () throws(FileError) in try fileKindFollowingLinks(manifestPath) }
  guard kind != nil else { throw .defect(.manifestMissing) }
  let file = try reading { () throws(FileError) in try MappedFile(path: manifestPath) }
  let manifest: CheckpointManifest
  do throws(CheckpointDefect) {
    manifest = try CheckpointManifest(file.bytes, path: manifestPath)
  } catch {
    throw .defect(error)
  }
  if let step, manifest.step != step {
    throw .defect(.otherStep(found: manifest.step, expected: step))
  }
  for entry in manifest.entries {
    let filePath = "\(path)/\(entry.name)"
    let kind = try reading { () throws(FileError) in try fileKindFollowingLinks(filePath) }
    guard kind == .regular else { throw .defect(.fileMissing(entry.name)) }
    let byteCount = try reading { () throws(FileError) in try fileSize(filePath) }
    guard byteCount == entry.byteCount else {
      throw .defect(.wrongSize(file: entry.name, expected: entry.byteCount, found: byteCount))
    }
  }
  if hashes { try compareHashes(path, manifest) }
}

private func compareHashes(_ path: String, _ manifest: CheckpointManifest) throws(Examination) {
  let pieces = manifest.entries.flatMap { entry in
    entry.hashes.indices.map { (entry: entry, piece: $0) }
  }
  let found = contentHashes(
    of: pieces.map { FilePart(path: "\(path)/\($0.entry.name)", bytes: $0.entry.pieces.bytes(of: $0.piece)) })
  for ((entry, piece), hash) in zip(pieces, found) {
    guard try judging({ () throws(FileError) in try hash.get() }) == entry.hashes[piece] else {
      throw .defect(.hashDiffers(file: entry.name))
    }
  }
}

private func reading<Value>(_ body: () throws(FileError) -> Value) throws(Examination) -> Value {
  try judging { () throws(FileError) in try tryingAgain(body) }
}

/// Tells what is no part of a checkpoint from what could not be read.
private func judging<Value>(_ body: () throws(FileError) -> Value) throws(Examination) -> Value {
  do {
    return try body()
  } catch {
    throw error.saysNothingOfContent ? .unread(error) : .defect(.notAFile(error))
  }
}
