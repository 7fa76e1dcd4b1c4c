import Foundation
import Testing

@testable import Reporting

/// Each rule, of a run that has the trouble and of one that has not.
struct HealthTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A run that is well unless it is told otherwise.
  private struct Sample {
    var batch = 256
    var images = 60_000
    var steps = 2000
    /// Of those that the log has.
    var firstStep = 1
    var warmupSteps = 100
    var peak = 1.5e-4
    var settings = ["model.norm_pix": "false", "model.encoder.width": "96"]
    var loss: (Int) -> Double = { 0.3 + 1 / Double($0) }
    var dataShare = 0.01
    var evaluations: [[MetricValue]] = []
    /// Of the epoch that ends with an evaluation, by the place of that.
    var meanLoss: (Int) -> Double = { _ in 0.5 }
    var events: [EventRecord] = []
    var state = RunState.running
  }

  private func findings(_ sample: Sample) throws -> [HealthFinding] {
    let path = "\(folder.path)/log-\(UUID().uuidString).jsonl"
    let log = try TrainingLog.create(at: path)
    try log.append(
      StartRecord(
        step: 0, title: "A run", stepsPerEpoch: sample.images / sample.batch, lastStep: sample.steps,
        warmupSteps: sample.warmupSteps, peakLearningRate: sample.peak, batchSize: sample.batch, images: sample.images))
    for step in sample.firstStep..<sample.firstStep + min(500, sample.steps) {
      var record = StepRecord(
        step: step, epoch: 0, loss: sample.loss(step), learningRate: sample.peak, imagesPerSecond: 100, stepSeconds: 2)
      record.dataSeconds = 2 * sample.dataShare
      try log.append(record)
    }
    for (index, fields) in sample.evaluations.enumerated() {
      var epoch = EpochRecord(step: 500 + index, epoch: index + 1, meanLoss: sample.meanLoss(index), seconds: 1)
      epoch.evaluation = fields
      try log.append(epoch)
    }
    for event in sample.events { try log.append(event) }
    let settings = sample.settings.map { RunSetting(name: $0.key, value: $0.value, documentation: "") }
    return healthFindings(of: RunFacts(try RunHistory(log: path), settings: settings, state: sample.state))
  }

  private func expectOnly(_ level: HealthFinding.Level, _ beginning: String, of sample: Sample) throws {
    let findings = try findings(sample)
    #expect(findings.count == 1, "\(findings)")
    #expect(findings.first?.level == level)
    #expect(findings.first?.sentence.hasPrefix(beginning) == true, "\(findings)")
    #expect(level == .good || findings.first?.advice != nil)
  }

  private func expectNothing(_ sample: Sample) throws {
    try expectOnly(.good, "The loss has fallen from 1.3000 to 0.30", of: sample)
  }

  @Test func aRunThatIsWellHasOneGoodSentence() throws { try expectNothing(Sample()) }

  @Test func aRunWithoutAStepHasNone() {
    #expect(healthFindings(of: RunFacts(RunHistory(), settings: [], state: .empty)).isEmpty)
  }

  @Test func aPlateauAtOneIsOneOfNormalizedPatches() throws {
    var sample = Sample()
    sample.loss = { _ in 1.0003 }
    sample.settings["model.norm_pix"] = "true"
    try expectOnly(.warning, "The loss stands at 1.0003. With model.norm_pix", of: sample)
    sample.loss = { 0.8 + 0.5 / Double($0).squareRoot() }
    try expectOnly(.good, "The loss has fallen from 1.3000 to 0.82", of: sample)
    sample.loss = { _ in 1.0003 }
    sample.settings["model.norm_pix"] = "false"
    try expectOnly(.warning, "The loss has not fallen by more than it varies: 1.0003 at first, 1.0003", of: sample)
    sample.settings["model.norm_pix"] = "true"
    sample.warmupSteps = 600
    try expectOnly(.notice, "The loss has not fallen yet", of: sample)
  }

  /// Of flat patches nothing is left but their mean, so that images that have many cost less than 1 without anything learned.
  @Test func aPlateauIsWhereThisDataHasIt() throws {
    var sample = Sample()
    sample.settings["model.norm_pix"] = "true"
    sample.evaluations = [[MetricValue(Metric(name: "baseline_mean_loss"), 0.69)]]
    sample.loss = { 0.692 + 1 / Double($0) }
    try expectOnly(
      .warning, "The loss stands at 0.6941, and predicting each patch's mean costs 0.6900: nothing has been learned",
      of: sample)
    sample.evaluations = []
    try expectOnly(
      .notice, "The loss has stood still at 0.6941 since its first steps, where it fell from 1.6920.", of: sample)
  }

  /// The first numbers are of a classifier of ten classes that guesses.
  @Test func aLossThatHasNotFallenIsNeverGood() throws {
    var sample = Sample()
    sample.settings = ["finetune.mixup": "0"]
    sample.loss = { $0 == 1 ? 2.3026 : 2.3025 }
    try expectOnly(.warning, "The loss has not fallen by more than it varies: 2.3026 at first, 2.3025", of: sample)
    sample.loss = { _ in 0.9 }
    try expectOnly(.warning, "The loss has not fallen by more than it varies: 0.9000 at first, 0.9000", of: sample)
    sample.warmupSteps = 600
    try expectOnly(.notice, "The loss has not fallen yet by more than it varies: 0.9000 at first, 0.9000", of: sample)
    sample.state = .finished
    try expectOnly(.warning, "The loss has not fallen by more than it varies", of: sample)
    // Noise alone, from -0.25 to 0.25, whose first step and first tenth happen to be higher; and a fall below the same noise.
    func noise(_ step: Int) -> Double { Double(step * 7919 % 101) / 202 - 0.25 }
    sample.loss = { 2 + noise($0) + ($0 <= 50 ? 0.05 : 0) }
    try expectOnly(.warning, "The loss has not fallen by more than it varies", of: sample)
    sample.loss = { 2 + noise($0) - Double($0) / 500 }
    try expectOnly(.good, "The loss has fallen from ", of: sample)
    // In a log that goes on from another run's checkpoint it fell before.
    sample.firstStep = 1001
    sample.loss = { _ in 0.4 }
    try expectOnly(.good, "Nothing stands out.", of: sample)
  }

  @Test func aSmallBatchMakesTheLearningRateTiny() throws {
    var sample = Sample()
    (sample.batch, sample.peak) = (32, 1.5e-4 * 32 / 256)
    try expectOnly(
      .warning,
      "The learning rate peaks at 1.87e-5, because 1.5e-4 is for 256 images and a batch has 32: 1.5e-4 x 32 / 256.",
      of: sample)
    #expect(try findings(sample)[0].advice?.contains("train.base_learning_rate=1.2e-3 gives a peak of 1.5e-4") == true)
    sample.peak = 1.5e-4
    try expectNothing(sample)
  }

  @Test(arguments: [255, 256]) func aTinyLearningRateOfASmallBaseIsNotTheBatchs(batch: Int) throws {
    var sample = Sample()
    (sample.batch, sample.peak) = (batch, 4.02e-5 * Double(batch) / 256)
    try expectOnly(
      .warning,
      "The learning rate peaks at \(batch == 255 ? "4e-5" : "4.02e-5"), because train.base_learning_rate is 4.02e-5, where "
        + "the paper has 1.5e-4.", of: sample)
    // What fine-tuning lives with.
    (sample.settings, sample.peak) = (["finetune.mixup": "0", "model.norm_pix": "false"], 3e-5)
    try expectNothing(sample)
  }

  /// A log is a file, and files are edited.
  @Test func numbersThatAreNoCountsAreLeftOut() throws {
    let path = "\(folder.path)/odd.jsonl"
    for number in ["1e300", "-1e300", "-5", "0.5", "\"NaN\"", "0"] {
      let lines = """
        {"event":"start","step":0,"title":"A run","peak_learning_rate":1e-6,"images":\(number),"last_step":\(number),\
        "warmup_steps":\(number),"batch_size":\(number),"steps_per_epoch":\(number),"time":1e300}
        {"event":"step","step":1,"loss":1e308,"time":1e300}
        {"event":"step","step":2,"loss":1e308,"time":-1e300}
        {"event":"epoch","step":9223372036854775807,"epoch":1,"mean_loss":1e308,"epoch_seconds":1e300,"time":1}

        """
      try Data(lines.utf8).write(to: URL(filePath: path))
      var run = ReportedRun(path: "odd", history: try RunHistory(log: path), state: .running)
      run.settings = [RunSetting(name: "model.norm_pix", value: "true", documentation: "")]
      #expect(run.findings.first?.sentence.contains("The loss has not fallen yet") == true, "\(run.findings)")
      #expect(ReportPage([run]).html.contains("an unknown date"))
      #expect(run.listed.loss == run.history.steps["loss"]?.last)
    }
  }

  @Test func aWarmupLongerThanTheRunIsSaid() throws {
    var sample = Sample()
    sample.warmupSteps = 2500
    try expectOnly(.warning, "The warm-up takes 2,500 steps, and the run 2,000: the learning rate never", of: sample)
    sample.warmupSteps = 1500
    try expectOnly(.notice, "The warm-up takes 1,500 steps, and the run 2,000: most of the run", of: sample)
    sample.warmupSteps = 1000
    try expectNothing(sample)
  }

  @Test func fewImagesInLargeBatchesAreFewSteps() throws {
    var sample = Sample()
    (sample.batch, sample.images, sample.steps, sample.warmupSteps) = (1024, 2048, 200, 10)
    try expectOnly(.notice, "The whole run has 200 steps", of: sample)
    for (key, words) in [
      ("model.norm_pix", "masked autoencoders train"), ("finetune.mixup", "classifiers are mostly trained"),
    ] {
      sample.settings = [key: "0"]
      #expect(try findings(sample)[0].sentence.contains("steps, where \(words) for"))
    }
    #expect(try findings(sample)[0].sentence.hasSuffix("2,048 images in batches of 1,024 are 2 steps an epoch."))
    sample.steps = 1000
    try expectNothing(sample)
  }

  @Test func heldOutLossIsComparedWithKnowingNothing() throws {
    var sample = Sample()
    func evaluation(_ loss: Double) -> [MetricValue] {
      [("heldout_loss", loss), ("baseline_mean_loss", 1), ("baseline_interpolation_loss", 0.7)]
        .map { MetricValue(Metric(name: $0), $1) }
    }
    sample.settings["model.norm_pix"] = "true"
    sample.evaluations = [evaluation(1.1)]
    try expectOnly(.warning, "On held-out images the loss is 1.1000, no less than", of: sample)
    // As near as the loss of a batch comes by chance; and one verdict, whatever the loss in training is.
    sample.evaluations = [evaluation(0.985)]
    sample.loss = { _ in 0.985 }
    try expectOnly(.warning, "On held-out images the loss is 0.9850, hardly less than what predicting", of: sample)
    sample = Sample()
    sample.evaluations.append(evaluation(0.8))
    try expectOnly(.notice, "On held-out images the loss is 0.8000: better than predicting", of: sample)
    sample.evaluations.append(evaluation(0.5))
    try expectOnly(.good, "On held-out images the loss is 0.5000, below what filling in", of: sample)
  }

  /// The mean of a removed patch is not nothing: in units of pixels it may be most of what there is to know.
  @Test func pixelsAreNotHeldAgainstWhoKnowsEachPatchsMean() throws {
    var sample = Sample()
    func evaluation(_ loss: Double) -> [MetricValue] {
      [("heldout_loss", loss), ("baseline_mean_loss", 0.26), ("baseline_interpolation_loss", 0.6)]
        .map { MetricValue(Metric(name: $0), $1) }
    }
    sample.evaluations = [evaluation(0.62)]
    try expectOnly(.notice, "On held-out images the loss is 0.6200, not yet better than filling in", of: sample)
    sample.evaluations = [evaluation(0.27)]
    try expectOnly(
      .good, "On held-out images the loss is 0.2700, below what filling in from the visible patches costs (0.6000);",
      of: sample)
    sample.evaluations = [evaluation(0.2)]
    try expectOnly(.good, "On held-out images the loss is 0.2000, below what filling in", of: sample)
  }

  @Test func aHeldOutLossThatRisesAloneIsSaid() throws {
    var sample = Sample()
    let losses = [0.6, 0.5, 0.52, 0.54, 0.56]
    sample.evaluations = losses.map { [MetricValue(Metric(name: "validation_loss"), $0)] }
    sample.meanLoss = { 0.5 - Double($0) / 100 }
    try expectOnly(
      .warning, "On held-out images the loss has risen from 0.5000 after step 501 to 0.5600, while on those that are",
      of: sample)
    // A classifier may be the surer of its errors, and make fewer.
    sample.evaluations = losses.enumerated().map { place, loss in
      [("validation_loss", loss), ("validation_accuracy", 0.8 + Double(place) / 100)]
        .map { MetricValue(Metric(name: $0), $1) }
    }
    try expectNothing(sample)
    sample.evaluations = losses.map { [MetricValue(Metric(name: "validation_loss"), $0)] }
    // One evaluation may stand out by chance.
    sample.evaluations.removeLast()
    try expectNothing(sample)
    // All that is trained on costs more too: that is no learning by heart.
    sample.evaluations = losses.map { [MetricValue(Metric(name: "validation_loss"), $0)] }
    sample.meanLoss = { 0.5 + Double($0) / 100 }
    try expectNothing(sample)
  }

  @Test func featuresThatCollapseAreSaid() throws {
    var sample = Sample()
    func evaluation(_ rank: Double) -> [MetricValue] { [MetricValue(Metric(name: "rankme"), rank)] }
    sample.evaluations = [evaluation(40), evaluation(48)]
    try expectNothing(sample)
    sample.evaluations.append(evaluation(11))
    try expectOnly(.warning, "The features fill 11.0 of 96.0 directions (RankMe; 48.0 at most before)", of: sample)
    sample.evaluations = [evaluation(1.2)]
    try expectOnly(.warning, "The features fill 1.20 of 96.0 directions (RankMe): they collapse", of: sample)
  }

  @Test func waitingForImagesIsSaid() throws {
    var sample = Sample()
    sample.dataShare = 0.2
    try expectOnly(.notice, "20.0 % of a step's time passes in waiting for images.", of: sample)
    sample.dataShare = 0.5
    try expectOnly(.warning, "50.0 % of a step's time passes", of: sample)
    sample.dataShare = 0.1
    try expectNothing(sample)
  }

  @Test func aLossThatRisesIsSaid() throws {
    var sample = Sample()
    sample.loss = { $0 < 300 ? 1 / Double($0).squareRoot() : 0.5 }
    try expectOnly(.warning, "The loss has risen: 0.5000 as of late", of: sample)
  }

  @Test func whatTheLogHasOfTroubleIsSaid() throws {
    var sample = Sample()
    func event(_ name: String, _ step: Int, _ reason: String) -> EventRecord {
      EventRecord(name, step: step, [LogField("reason", .text(reason))])
    }
    sample.events = [event("bad_sample", 3, "cannot decode a.png"), event("bad_sample", 4, "cannot decode b.png")]
    try expectOnly(.notice, "2 images could not be read and had others in their place.", of: sample)
    // An image that every epoch meets is one image.
    sample.events = (1...100).map { event("bad_sample", $0, "cannot decode a.png") }
    try expectOnly(.notice, "1 image could not be read and had another in its place, 100 times in all.", of: sample)
    sample.events = [event("good_the_second_time", 3, "cannot decode a.png (rank 1 on node7)")]
    try expectOnly(
      .warning,
      "1 image did not decode the first time and did the second: cannot decode a.png (rank 1 on node7). That is a sign",
      of: sample)
    let differing = "after step 10 the parameters of rank 3 on node7 differ from the other ranks'"
    sample.events = [event("rollback", 6, differing)]
    try expectOnly(.warning, "The run went back to a checkpoint once, to step 6: \(differing).", of: sample)
    sample.events = [event("rollback", 6, "a reason"), event("rollback", 9, "another one")]
    try expectOnly(
      .warning, "The run went back to a checkpoint 2 times, the last time to step 9: another one.", of: sample)
    sample.events = [event("parameters_differ", 10, differing)]
    try expectOnly(.warning, "Ranks had different parameters once: \(differing).", of: sample)
    sample.events = [EventRecord("non_finite", step: 1234)]
    try expectOnly(.warning, "The loss or the gradient was not finite in 1 step, the last one step 1,234.", of: sample)
    sample.events = [
      EventRecord("checkpoint", step: 3), EventRecord("checkpoint_failed", step: 4, [LogField("reason", "full")]),
    ]
    try expectOnly(.warning, "The last checkpoint, of step 4, could not be written: full.", of: sample)
    sample.events.append(EventRecord("checkpoint", step: 5))
    try expectNothing(sample)
  }

  @Test func theWorstComesFirst() throws {
    var sample = Sample()
    (sample.dataShare, sample.warmupSteps) = (0.2, 2500)
    #expect(try findings(sample).map(\.level) == [.warning, .notice])
  }
}
