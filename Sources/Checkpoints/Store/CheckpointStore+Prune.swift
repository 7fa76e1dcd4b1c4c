import Files

/// Which checkpoints stay when a new one has been saved.
public struct CheckpointRetention: Sendable {
  /// The newest ones, at least 1.
  public let keepLast: Int
  /// Those whose step is a multiple of this stay for good; nil for none.
  public let keepEverySteps: Int?

  public init(keepLast: Int, keepEverySteps: Int? = nil) {
    precondition(keepLast >= 1 && keepEverySteps ?? 1 >= 1, "at least the newest checkpoint must stay")
    self.keepLast = keepLast
    self.keepEverySteps = keepEverySteps
  }
}

extension CheckpointStore {
  /// Removes what is older than the newest `keepLast` sound checkpoints (manifest whole, sizes right; contents
  /// are not read). One that is not sound does not count, so that broken ones never push out the last good one.
  ///
  /// - Parameter protected: steps that stay too. So does every checkpoint that a ``Checkpoint`` has open, in
  ///   whatever process.
  /// - Returns: the steps removed, in ascending order.
  @discardableResult
  public func prune(
    _ retention: CheckpointRetention, protecting protected: Set<Int> = []
  ) throws(CheckpointError) -> [Int] {
    let steps = try steps()
    var sound: [Int] = []
    for step in steps.reversed() where sound.count < retention.keepLast {
      if try examine(step: step, hashes: false) == nil { sound.append(step) }
    }
    guard sound.count == retention.keepLast, let oldestKept = sound.last else { return [] }
    return try remove(
      steps.filter { step in
        step < oldestKept && !protected.contains(step)
          && !(retention.keepEverySteps.map { step.isMultiple(of: $0) } ?? false)
      })
  }

  /// Removes all checkpoints of later steps, for a run that goes back to `step`.
  ///
  /// - Returns: the steps removed, in ascending order; one that is in use stays.
  @discardableResult
  public func discard(newerThan step: Int) throws(CheckpointError) -> [Int] {
    try remove(try steps().filter { $0 > step })
  }

  /// Removes what saves and removals left behind that did not come to their end. Call it while holding the
  /// run's lock and before the first save.
  ///
  /// - Returns: the names removed.
  @discardableResult
  public func removeHalfWritten() throws(CheckpointError) -> [String] {
    do throws(FileError) {
      guard try fileKindFollowingLinks(directory) != nil else { return [] }
      let names = try listDirectory(directory).filter(Self.isHidden)
      for name in names {
        try fileSystem.removeTree("\(directory)/\(name)")
      }
      return names
    } catch {
      throw .file(error)
    }
  }

  /// A checkpoint is given a hidden name first, for good, and then taken apart: it is never seen half removed.
  private func remove(_ steps: [Int]) throws(CheckpointError) -> [Int] {
    do throws(FileError) {
      var removed: [(step: Int, path: String)] = []
      for step in steps {
        let hidden = hiddenPath(of: step, purpose: Self.removedMark)
        if try hide(step, as: hidden) {
          removed.append((step, hidden))
        }
      }
      if !removed.isEmpty {
        try fileSystem.synchronizeDirectory(directory)
      }
      for (_, path) in removed {
        try fileSystem.removeTree(path)
      }
      return removed.map(\.step)
    } catch {
      throw .file(error)
    }
  }

  /// Whether the checkpoint was there and nobody had it open.
  private func hide(_ step: Int, as hidden: String) throws(FileError) -> Bool {
    let manifest = "\(path(of: step))/\(CheckpointManifest.fileName)"
    do {
      if try fileKindFollowingLinks(manifest) != .regular {
        try fileSystem.rename(path(of: step), to: hidden)
        return true
      }
      guard let lock = try FileLock(manifest, .exclusive) else { return false }
      defer { extendLifetime(lock) }
      try fileSystem.rename(path(of: step), to: hidden)
      return true
    } catch  where error.isLockUnsupported {
      try fileSystem.rename(path(of: step), to: hidden)
      return true
    } catch  where error.isNotFound {
      return false
    }
  }
}
