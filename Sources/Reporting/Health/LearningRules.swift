/// Whether the model learns.
extension HealthRule {
  /// The loss over held-out images, beside what it costs on the same images and masks to know nothing.
  static let lossAgainstBaselines = HealthRule { facts in
    guard
      let loss = facts.lastEvaluation({ $0.contains("loss") && !BaselineName.isBaseline($0) }),
      let mean = facts.lastEvaluation({ BaselineName.isBaseline($0) && $0.contains("mean") })
    else { return nil }
    let words = Quantity.loss.words
    guard loss.value < mean.value else {
      return HealthFinding(
        .warning,
        "On held-out images the loss is \(words(loss.value)), no less than what predicting each patch's mean costs "
          + "(\(words(mean.value))): nothing that shows has been learned yet.",
        advice: "Look at the learning rate, the length of the warm-up and the number of steps, and at the images "
          + "themselves: mae data check.")
    }
    guard let filled = facts.lastEvaluation({ $0.contains("interpolat") }) else {
      return HealthFinding(
        .good,
        "On held-out images the loss is \(words(loss.value)); predicting each patch's mean costs \(words(mean.value)).")
    }
    guard loss.value < filled.value else {
      return HealthFinding(
        .notice,
        "On held-out images the loss is \(words(loss.value)): better than predicting each patch's mean "
          + "(\(words(mean.value))), not yet better than filling in from the visible patches (\(words(filled.value))).",
        advice: "More steps help most. If the loss stands still, try a higher train.base_learning_rate.")
    }
    return HealthFinding(
      .good,
      "On held-out images the loss is \(words(loss.value)), below what filling in from the visible patches costs "
        + "(\(words(filled.value))) and what predicting each patch's mean costs (\(words(mean.value))).")
  }

  /// How near to 1 is no better than the mean: the loss of a batch varies by about as much.
  private static let nearOne = 0.02

  /// With normalised patches a loss of 1 is what predicting the mean of every patch costs.
  static let plateauAtOne = HealthRule { facts in
    guard facts.hasNormalizedPatches, let loss = facts.recentLoss, abs(loss - 1) < nearOne,
      Double(facts.history.lastStep) > facts.warmupSteps ?? 0
    else { return nil }
    return HealthFinding(
      .warning,
      "The loss stands at \(Quantity.loss.words(loss)). With model.norm_pix a loss of 1.00 is what predicting each patch's "
        + "mean costs: nothing has been learned yet.",
      advice: "Every run leaves this plateau late or never when its learning rate is too low for its number of steps: "
        + "raise train.base_learning_rate or train more epochs; to see earlier that it learns, set model.norm_pix=false."
    )
  }

  /// How far above its lowest the loss may come, as it does from one stretch of steps to the next.
  private static let rise = 1.25

  static let risingLoss = HealthRule { facts in
    guard let series = facts.history.steps["loss"], let recent = series.recentMean(), let lowest = series.lowestMean,
      series.count >= 100, lowest > 0, recent > rise * lowest
    else { return nil }
    return HealthFinding(
      .warning,
      "The loss has risen: \(Quantity.loss.words(recent)) as of late, \(Quantity.loss.words(lowest)) at its lowest.",
      advice:
        "A learning rate that is too high does so. Lower train.base_learning_rate, or lengthen train.warmup_epochs, and "
        + "go back to a checkpoint from before.")
  }

  /// Fewer directions than that hold no features of any data set, and a loss of so large a share of them is no noise.
  private static let (fewDirections, lostShare) = (3.0, 0.25)

  /// RankMe (Garrido et al. 2023): how many directions the features of held-out images fill.
  static let collapsedFeatures = HealthRule { facts in
    guard let rank = facts.lastEvaluation({ $0.contains("rankme") }),
      let highest = facts.history.epochs[rank.name]?.highest
    else { return nil }
    let of = facts.width.map { " of \(Quantity.plain($0))" } ?? ""
    guard rank.value < fewDirections || rank.value < lostShare * highest else { return nil }
    return HealthFinding(
      .warning,
      "The features fill \(Quantity.plain(rank.value))\(of) directions (RankMe"
        + (rank.value < lostShare * highest ? "; \(Quantity.plain(highest)) at most before" : "")
        + "): they collapse, so that images can hardly be told apart.",
      advice:
        "Lower train.base_learning_rate, raise model.mask_ratio, and see whether the images differ: mae data stats.")
  }

  static let nonFinite = HealthRule { facts in
    guard let count = facts.history.eventCounts["non_finite"], count > 0 else { return nil }
    let last = facts.history.events.last { $0.event == "non_finite" }
    let place = last.map { ", the last one step \(Quantity.grouped($0.step))" } ?? ""
    return HealthFinding(
      .warning,
      "The loss or the gradient was not finite in \(ProgressFormat.count(count, "step"))\(place).",
      advice: "One such step may be a broken image; several are a learning rate that is too high. log.jsonl names the "
        + "images; --debug finds the first value.")
  }

  static func nothingStandsOut(_ facts: RunFacts) -> HealthFinding {
    guard let series = facts.history.steps["loss"], let first = series.first, let recent = series.recentMean() else {
      return HealthFinding(.good, "Nothing stands out.")
    }
    let words = Quantity.loss.words
    return recent < first
      ? HealthFinding(.good, "The loss has fallen from \(words(first)) to \(words(recent)), and nothing stands out.")
      : HealthFinding(
        .notice, "The loss has not fallen yet: \(words(first)) at first, \(words(recent)) as of late.",
        advice: "At the beginning that is nothing unusual; look again when the warm-up is over.")
  }
}
