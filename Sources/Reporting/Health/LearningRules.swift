/// Whether the model learns.
extension HealthRule {
  /// How near to a loss another one is no better: the loss of a batch varies by about as much, a fiftieth.
  private static let near = 0.02

  /// One verdict on how far the loss has come, by the best that there is to judge it by: held-out images, what knowing nothing
  /// costs, and what the loss was before.
  static let progress = HealthRule { facts in
    heldOutVerdict(facts) ?? plateauAtMean(facts) ?? unfallenLoss(facts) ?? standingLoss(facts)
  }

  /// The loss over held-out images, beside what it costs on the same images and masks to know nothing.
  private static func heldOutVerdict(_ facts: RunFacts) -> HealthFinding? {
    guard let loss = facts.heldOutLoss, let mean = facts.meanBaseline else { return nil }
    let words = Quantity.loss.words
    let filled = facts.lastEvaluation { $0.contains("interpolat") }
    guard loss.value < mean * (1 - near) else {
      if let filled, !facts.hasNormalizedPatches {
        return verdictOnPixels(loss.value, filled: filled.value, mean: mean)
      }
      let less = loss.value < mean ? "hardly less" : "no less"
      return HealthFinding(
        .warning,
        "On held-out images the loss is \(words(loss.value)), \(less) than what predicting each patch's mean costs "
          + "(\(words(mean))): nothing that shows has been learned yet.",
        advice: "Look at the learning rate, the length of the warm-up and the number of steps, and at the images "
          + "themselves: mae data check.")
    }
    guard let filled else {
      return HealthFinding(
        .good,
        "On held-out images the loss is \(words(loss.value)); predicting each patch's mean costs \(words(mean)).")
    }
    guard loss.value < filled.value * (1 - near) else {
      return HealthFinding(
        .notice,
        "On held-out images the loss is \(words(loss.value)): better than predicting each patch's mean "
          + "(\(words(mean))), not yet better than filling in from the visible patches (\(words(filled.value))).",
        advice: "More steps help most. If the loss stands still, try a higher train.base_learning_rate.")
    }
    return HealthFinding(
      .good,
      "On held-out images the loss is \(words(loss.value)), below what filling in from the visible patches costs "
        + "(\(words(filled.value))) and what predicting each patch's mean costs (\(words(mean))).")
  }

  /// Without normalised patches, who predicts the mean of a removed patch has been told it, and may be better than a model
  /// that has learned much.
  private static func verdictOnPixels(_ loss: Double, filled: Double, mean: Double) -> HealthFinding {
    let words = Quantity.loss.words
    guard loss < filled * (1 - near) else {
      return HealthFinding(
        .notice,
        "On held-out images the loss is \(words(loss)), not yet better than filling in from the visible patches "
          + "(\(words(filled))).",
        advice: "More steps help most. If the loss stands still, try a higher train.base_learning_rate.")
    }
    return HealthFinding(
      .good,
      "On held-out images the loss is \(words(loss)), below what filling in from the visible patches costs "
        + "(\(words(filled))); who knew the mean of each removed patch would have \(words(mean)).")
  }

  private static let leavesPlateau =
    "Every run leaves this plateau late or never when its learning rate is too low for its number of steps: raise "
    + "train.base_learning_rate or train more epochs"

  /// With normalised patches a loss of 1 is what predicting the mean of every patch costs, less where patches are flat: of
  /// such a patch nothing is left but its mean.
  private static func plateauAtMean(_ facts: RunFacts) -> HealthFinding? {
    guard facts.hasNormalizedPatches, let loss = facts.recentLoss, facts.isPastWarmup else { return nil }
    let words = Quantity.loss.words
    if let mean = facts.meanBaseline {
      guard abs(loss - mean) < near * mean else { return nil }
      return HealthFinding(
        .warning,
        "The loss stands at \(words(loss)), and predicting each patch's mean costs \(words(mean)): nothing has been "
          + "learned yet.", advice: "\(leavesPlateau).")
    }
    guard abs(loss - 1) < near else { return nil }
    return HealthFinding(
      .warning,
      "The loss stands at \(words(loss)). With model.norm_pix a loss of 1.00, less where patches are flat, is what "
        + "predicting each patch's mean costs: nothing has been learned yet.",
      advice: "\(leavesPlateau); to see earlier that it learns, set model.norm_pix=false.")
  }

  /// With fewer steps the mean of a tenth of them is mostly chance.
  private static let fewestJudged = 100

  private static func unfallenLoss(_ facts: RunFacts) -> HealthFinding? {
    guard let loss = LossCourse(facts), loss.steps >= fewestJudged, !loss.hasFallen,
      facts.isPastWarmup || facts.state == .finished, risingLoss.judge(facts) == nil
    else { return nil }
    let words = Quantity.loss.words
    return HealthFinding(
      facts.beganWithWeights ? .notice : .warning,
      "The loss has not fallen by more than it varies: \(words(loss.first)) at first, \(words(loss.recent)) as of late.",
      advice: facts.isPretraining
        ? "\(leavesPlateau). If that changes nothing, look at the images: mae data check."
        : "Raise train.base_learning_rate or train more epochs. If that changes nothing, look at the images and their "
          + "labels: mae data check.")
  }

  /// A loss that falls in the first steps alone: to the mean of what is to be predicted, or to the best that there is.
  private static func standingLoss(_ facts: RunFacts) -> HealthFinding? {
    guard let loss = LossCourse(facts), loss.steps >= fewestJudged, facts.isPastWarmup, !loss.fallsStill,
      risingLoss.judge(facts) == nil
    else { return nil }
    return HealthFinding(
      .notice,
      "The loss has stood still at \(Quantity.loss.words(loss.recent)) since its first steps, where it fell from "
        + "\(Quantity.loss.words(loss.first)).",
      advice: facts.isPretraining
        ? "A model that has learned each patch's mean and no more does so; eval.test tells, and so do its "
          + "reconstructions. \(leavesPlateau)."
        : "Either nothing is left to be learned, or the learning rate is too low or too high: try another "
          + "train.base_learning_rate.")
  }

  /// How far above its lowest the loss may come, as it does from one stretch of steps to the next.
  private static let rise = 1.25

  static let risingLoss = HealthRule { facts in
    guard let series = facts.history.steps["loss"], let recent = series.recentMean(), let lowest = series.lowestMean,
      series.count >= fewestJudged, lowest > 0, recent > rise * lowest
    else { return nil }
    return HealthFinding(
      .warning,
      "The loss has risen: \(Quantity.loss.words(recent)) as of late, \(Quantity.loss.words(lowest)) at its lowest.",
      advice:
        "A learning rate that is too high does so. Lower train.base_learning_rate, or lengthen train.warmup_epochs, and "
        + "go back to a checkpoint from before.")
  }

  /// How far above its lowest a held-out loss may come: it is of the same images and masks each time, so that it varies less
  /// than that of a batch. Two evaluations have to be above it, since one may stand out by chance.
  private static let heldOutRise = 1.05

  /// Few images are learned by heart: the loss falls on them alone.
  static let overfitting = HealthRule { facts in
    guard let loss = facts.heldOutLoss, let heldOut = facts.history.epochs[loss.name]?.bins,
      let lowest = heldOut.min(by: { $0.mean < $1.mean }), lowest.mean > 0,
      heldOut.suffix(2).allSatisfy({ $0.mean > heldOutRise * lowest.mean }),
      let training = facts.history.epochs["mean_loss"]?.bins, let last = training.last,
      let then = training.last(where: { $0.first <= lowest.last }), last.mean < then.mean,
      !accuracyIsHighest(beside: loss.name, facts)
    else { return nil }
    let words = Quantity.loss.words
    return HealthFinding(
      .warning,
      "On held-out images the loss has risen from \(words(lowest.mean)) after step \(Quantity.whole(lowest.last)) to "
        + "\(words(loss.value)), while on those that are trained on it has fallen: they are learned by heart.",
      advice: "Train on more images or fewer epochs, or vary the images more (data.crop_scale"
        + "\(facts.isPretraining ? ", model.mask_ratio" : "")). By its loss a checkpoint of about that step is the better "
        + "one.")
  }

  /// A classifier's loss often rises while it still gets better: fewer of its answers are wrong, and those the more surely.
  private static func accuracyIsHighest(beside loss: String, _ facts: RunFacts) -> Bool {
    let accuracy = facts.history.epochs[loss.replacing("loss", with: "accuracy")]
    guard let last = accuracy?.last, let highest = accuracy?.highest else { return false }
    return last >= highest
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
    guard let loss = LossCourse(facts) else { return HealthFinding(.good, "Nothing stands out.") }
    let words = Quantity.loss.words
    return loss.hasFallen
      ? HealthFinding(
        .good, "The loss has fallen from \(words(loss.first)) to \(words(loss.recent)), and nothing stands out.")
      : HealthFinding(
        .notice,
        "The loss has not fallen yet by more than it varies: \(words(loss.first)) at first, \(words(loss.recent)) as of "
          + "late.",
        advice: facts.state == .finished
          ? "So few steps say little: train more."
          : "At the beginning that is nothing unusual; look again when the warm-up is over.")
  }

  /// What the loss of steps was at first and is as of late, and whether that differs by more than chance.
  private struct LossCourse {
    private let series: Series
    /// Over the first steps and over about the last tenth of all.
    let first: Double
    let recent: Double
    /// How many have a loss that is finite.
    let steps: Int

    init?(_ facts: RunFacts) {
      guard let series = facts.history.steps["loss"], let first = series.bins.first, let recent = series.recentMean(),
        // Where the log goes on from a checkpoint of another run, the loss had fallen before.
        first.first <= 1
      else { return nil }
      (self.series, self.first, self.recent, steps) = (series, first.mean, recent, series.count)
    }

    private var tenth: Int { max(1, series.bins.count / 10) }

    /// Since the first steps, or since the first tenth of them where their own loss varies too much to tell.
    var hasFallen: Bool { falls(since: 0..<1) || falls(since: 0..<tenth) }

    /// Since the second tenth of the steps.
    var fallsStill: Bool { falls(since: tenth..<2 * tenth) }

    /// Whether the mean of the last tenth is below that of `stretch` by more than three times what chance makes of the
    /// difference of two such means, and by more than what is near.
    private func falls(since stretch: Range<Int>) -> Bool {
      guard let before = series.mean(ofBins: stretch) else { return false }
      let chance = series.noise * (1 / Double(stretch.count) + 1 / Double(tenth)).squareRoot()
      return before - recent > max(3 * chance, near * abs(before))
    }
  }
}
