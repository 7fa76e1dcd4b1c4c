/// Whether the recipe fits the run.
extension HealthRule {
  /// The peak of the paper's smallest batch in use, 1.5e-4 x 256 / 256. A third of it is where runs visibly stand still.
  private static let usualPeak = 1.5e-4
  /// The paper's base is 1.5e-4; one from here on is chosen as it is for batches of any size.
  private static let usualBase = 1e-4

  /// The learning rate is for 256 images and scaled by the batch, so that a small batch makes it tiny, and a small base does.
  /// Fine-tuning lives with less.
  static let tinyLearningRate = HealthRule { facts in
    guard facts.isPretraining, let peak = facts.peakLearningRate, let batch = facts.batchSize, peak < usualPeak / 3,
      peak > 0
    else { return nil }
    let base = peak * 256 / Double(batch)
    let wanted = Quantity.rate(usualPeak * 256 / Double(batch))
    let change = "train.base_learning_rate=\(wanted) gives a peak of \(Quantity.rate(usualPeak))."
    guard base >= usualBase, batch < 256 else {
      return HealthFinding(
        .warning,
        "The learning rate peaks at \(Quantity.rate(peak)), because train.base_learning_rate is \(Quantity.rate(base)), "
          + "where the paper has \(Quantity.rate(usualPeak)).", advice: "With this batch, \(change)")
    }
    return HealthFinding(
      .warning,
      "The learning rate peaks at \(Quantity.rate(peak)), because \(Quantity.rate(base)) is for 256 images and a batch has "
        + "\(batch): \(Quantity.rate(base)) x \(batch) / 256.",
      advice: "Small batches want more than their share: \(change)")
  }

  /// A run that ends before its warm-up does, or spends most of its steps on it.
  static let longWarmup = HealthRule { facts in
    guard let warmup = facts.warmupSteps, let total = facts.totalSteps, total > 0, Double(warmup) > Double(total) / 2
    else { return nil }
    let lengths = "\(Quantity.grouped(warmup)) steps, and the run \(Quantity.grouped(total))"
    let advice = "Set train.warmup_epochs to a twentieth of the epochs that the run really has."
    return warmup >= total
      ? HealthFinding(
        .warning, "The warm-up takes \(lengths): the learning rate never comes to its peak.", advice: advice)
      : HealthFinding(
        .notice, "The warm-up takes \(lengths): most of the run has less than its learning rate.", advice: advice)
  }

  /// Runs that the field has published take tens of thousands; what this tells apart is a mistake and a trial.
  private static let fewestSteps = 1000

  static let fewSteps = HealthRule { facts in
    guard let total = facts.totalSteps, total < fewestSteps, let images = facts.images, let batch = facts.batchSize,
      let perEpoch = facts.stepsPerEpoch
    else { return nil }
    let epoch =
      "\(Quantity.grouped(images)) images in batches of \(Quantity.grouped(batch)) are "
      + "\(ProgressFormat.count(perEpoch, "step")) an epoch"
    return HealthFinding(
      .notice,
      "The whole run has \(ProgressFormat.count(total, "step")), where \(facts.usualLength): "
        + "\(epoch).",
      advice: "Train more epochs, or take a smaller train.batch_size, which makes more steps of an epoch.")
  }
}
