/// Whether the machine and the data serve the run.
extension HealthRule {
  /// What waiting may take before more decoding threads are worth it.
  private static let shareToMention = 0.1

  static let dataWait = HealthRule { facts in
    guard let share = facts.history.recentDataShare, share > shareToMention else { return nil }
    return HealthFinding(
      share > 0.3 ? .warning : .notice,
      "\(Quantity.share.words(share)) of a step's time passes in waiting for images.",
      advice:
        "Raise data.workers where cores are free; put the images on a local disk; or shrink them once: mae pack with "
        + "a shorter side, into shards.")
  }

  static let badImages = HealthRule { facts in
    guard let count = facts.history.eventCounts["bad_sample"], count > 0 else { return nil }
    return HealthFinding(
      .notice, "\(ProgressFormat.count(count, "image")) could not be read and had another in its place.",
      advice: "The list of events names them; mae data check finds all.")
  }

  static let failedCheckpoint = HealthRule { facts in
    let saves = facts.history.events.filter { ["checkpoint", "checkpoint_failed"].contains($0.event) }
    guard let last = saves.last, last.event == "checkpoint_failed" else { return nil }
    let reason = if case .text(let text)? = last.values["reason"] { ": \(text)" } else { "" }
    return HealthFinding(
      .warning, "The last checkpoint, of step \(Quantity.grouped(last.step)), could not be written\(reason).",
      advice: "Make room, or mend the file system: until one is written, a crash costs all steps since the last.")
  }
}
