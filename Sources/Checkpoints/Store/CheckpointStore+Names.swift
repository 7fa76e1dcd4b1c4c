extension CheckpointStore {
  /// Marks the folder of a save that has not been completed.
  static let temporaryMark = "tmp"
  /// Marks a checkpoint that is being removed.
  static let removedMark = "removed"

  /// The folder of a step's checkpoint, whether it exists or not.
  public func path(of step: Int) -> String { "\(directory)/\(Self.name(of: step))" }

  /// `step-00001234`: padded to eight digits, so that names sort as numbers do.
  static func name(of step: Int) -> String {
    let digits = String(step)
    return "step-" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
  }

  /// The inverse of ``name(of:)``; nil for every other name.
  static func step(of name: String) -> Int? {
    guard name.hasPrefix("step-"), let step = Int(name.dropFirst(5)), step >= 0, Self.name(of: step) == name else {
      return nil
    }
    return step
  }

  /// A hidden sibling of a step's checkpoint: `.step-00001234.tmp-9f86d081`.
  ///
  /// - Parameter token: tells it from others of the same step.
  func hiddenPath(of step: Int, purpose: String, token: String = freshToken()) -> String {
    "\(directory)/.\(Self.name(of: step)).\(purpose)-\(token)"
  }

  /// Whether a name is one that ``hiddenPath(of:purpose:token:)`` gives.
  static func isHidden(_ name: String) -> Bool {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 3 && parts[0].isEmpty && step(of: String(parts[1])) != nil
      && (parts[2].hasPrefix("\(temporaryMark)-") || parts[2].hasPrefix("\(removedMark)-"))
  }
}
