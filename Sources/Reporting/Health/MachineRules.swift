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

  /// An image that every epoch meets is one image.
  static let badImages = HealthRule { facts in
    let history = facts.history
    guard let times = history.eventCounts["bad_sample"], times > 0 else { return nil }
    // A log of another version may not say which.
    let count = max(1, history.badImages.count)
    let images = ProgressFormat.count(count, "image")
    let least = count < RunHistory.badImageLimit ? "" : "At least "
    let often = times > count ? ", \(Quantity.grouped(times)) times in all" : ""
    return HealthFinding(
      .notice,
      "\(least)\(images) could not be read and had \(count == 1 ? "another in its" : "others in their") place\(often).",
      advice: "The list of events names \(count == 1 ? "it" : "them"); mae data check finds all.")
  }

  /// What decodes when it is read once more was changed on its way the first time.
  static let goodTheSecondTime = HealthRule { facts in
    guard let count = facts.history.eventCounts["good_the_second_time"], count > 0 else { return nil }
    let reason = facts.history.last("good_the_second_time")?.reason ?? ""
    return HealthFinding(
      .warning,
      "\(ProgressFormat.count(count, "image")) did not decode the first time and did the second\(reason). That is a "
        + "sign of bad memory or of a bad disk.",
      advice: "Look at the log of that host's system (dmesg), test its memory and its disk, and train without it until "
        + "then.")
  }

  /// Replicas that should have the same bits have not.
  static let differingRanks = HealthRule { facts in
    guard let times = facts.history.times("parameters_differ") else { return nil }
    let reason = facts.history.last("parameters_differ")?.reason ?? ""
    return HealthFinding(
      .warning, "Ranks had different parameters \(times)\(reason).",
      advice: "A bit has changed in the memory of a host that is named. Look at the log of its system (dmesg), test "
        + "its memory, and train without it until then.")
  }

  /// Going back takes the lines of the steps behind the checkpoint out of the log, and with them mostly why it was done: the
  /// reason here is all that is left.
  static let rollbacks = HealthRule { facts in
    guard let times = facts.history.times("rollback") else { return nil }
    let last = facts.history.last("rollback").map {
      ", \(times == "once" ? "" : "the last time ")to step \(Quantity.grouped($0.step))\($0.reason)"
    }
    return HealthFinding(
      .warning, "The run went back to a checkpoint \(times)\(last ?? "").",
      advice: "Where ranks had different parameters, test the memory of the host that is named; where a step was not "
        + "finite, lower train.base_learning_rate or lengthen train.warmup_epochs.")
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

extension RunHistory {
  /// `once`, `3 times`; nil where an event has not happened.
  fileprivate func times(_ event: String) -> String? {
    guard let count = eventCounts[event], count > 0 else { return nil }
    return count == 1 ? "once" : "\(Quantity.grouped(count)) times"
  }

  /// The last of an event: its step, and what the log says of it behind a colon; nil where many others have come since.
  fileprivate func last(_ event: String) -> (step: Int, reason: String)? {
    guard let line = events.last(where: { $0.event == event }) else { return nil }
    guard case .text(let reason)? = line.values["reason"] else { return (line.step, "") }
    return (line.step, ": \(reason)")
  }
}
