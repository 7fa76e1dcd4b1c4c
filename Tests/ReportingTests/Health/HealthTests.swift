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
    var warmupSteps = 100
    var peak = 1.5e-4
    var settings = ["model.norm_pix": "false", "model.encoder.width": "96"]
    var loss: (Int) -> Double = { 0.3 + 1 / Double($0) }
    var dataShare = 0.01
    var evaluations: [[MetricValue]] = []
    var events: [EventRecord] = []
  }

  private func findings(_ sample: Sample) throws -> [HealthFinding] {
    let path = "\(folder.path)/log-\(UUID().uuidString).jsonl"
    let log = try TrainingLog.create(at: path)
    try log.append(
      StartRecord(
        step: 0, title: "A run", stepsPerEpoch: sample.images / sample.batch, lastStep: sample.steps,
        warmupSteps: sample.warmupSteps, peakLearningRate: sample.peak, batchSize: sample.batch, images: sample.images))
    for step in 1...min(500, sample.steps) {
      var record = StepRecord(
        step: step, epoch: 0, loss: sample.loss(step), learningRate: sample.peak, imagesPerSecond: 100, stepSeconds: 2)
      record.dataSeconds = 2 * sample.dataShare
      try log.append(record)
    }
    for (index, fields) in sample.evaluations.enumerated() {
      var epoch = EpochRecord(step: 500, epoch: index + 1, meanLoss: 0.5, seconds: 1)
      epoch.evaluation = fields
      try log.append(epoch)
    }
    for event in sample.events { try log.append(event) }
    let settings = sample.settings.map { RunSetting(name: $0.key, value: $0.value, documentation: "") }
    return healthFindings(of: RunFacts(try RunHistory(log: path), settings: settings, state: .running))
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
    sample.loss = { 0.8 + 0.5 / Double($0) }
    try expectOnly(.good, "The loss has fallen from 1.3000 to 0.80", of: sample)
    sample.loss = { _ in 1.0003 }
    sample.settings["model.norm_pix"] = "false"
    try expectOnly(.notice, "The loss has not fallen yet", of: sample)
    sample.settings["model.norm_pix"] = "true"
    sample.warmupSteps = 600
    try expectOnly(.notice, "The loss has not fallen yet", of: sample)
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
    sample.evaluations = [evaluation(1.1)]
    try expectOnly(.warning, "On held-out images the loss is 1.1000, no less than", of: sample)
    sample.evaluations.append(evaluation(0.8))
    try expectOnly(.notice, "On held-out images the loss is 0.8000: better than predicting", of: sample)
    sample.evaluations.append(evaluation(0.5))
    try expectOnly(.good, "On held-out images the loss is 0.5000, below what filling in", of: sample)
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
    sample.events = [EventRecord("bad_sample", step: 3), EventRecord("bad_sample", step: 4)]
    try expectOnly(.notice, "2 images could not be read", of: sample)
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
