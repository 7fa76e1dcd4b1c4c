import Files
import Foundation
import Synchronization
import Testing

@testable import Reporting

@Suite struct PrometheusSinkTests {
  @Test func aLineForEachNumber() throws {
    let folder = try TemporaryFolder()
    let sink = PrometheusSink(path: folder.path + "/mae.prom", run: "runs/\"a\"\\b")
    var step = StepRecord(step: 7, epoch: 1.5, loss: .nan, learningRate: 0.001, imagesPerSecond: 640, stepSeconds: 0.2)
    step.gradientNorm = .infinity
    try sink.take(.step(step))
    let lines = try folder.text(of: "mae.prom").split(separator: "\n").map(String.init)
    #expect(lines.count.isMultiple(of: 3), "a state has four lines, and two above them")
    #expect(lines.contains("# TYPE mae_step gauge"))
    #expect(lines.contains(#"mae_step{run="runs/\"a\"\\b"} 7.0"#))
    #expect(lines.contains(#"mae_loss{run="runs/\"a\"\\b"} NaN"#))
    #expect(lines.contains(#"mae_gradient_norm{run="runs/\"a\"\\b"} +Inf"#))
    #expect(lines.contains("# TYPE mae_checkpoints_total counter"))
    #expect(!lines.contains { $0.contains("mae_data_wait_seconds") }, "what is not known is left out")
  }

  @Test func isWrittenAtTheFirstStepAndInTheEndAndCountsEvents() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/mae.prom"
    let sink = PrometheusSink(path: path, run: "a")
    func record(_ step: Int) -> RunRecord {
      .step(StepRecord(step: step, epoch: 0, loss: 1, learningRate: 1, imagesPerSecond: 1, stepSeconds: 1))
    }
    try sink.take(.event(EventRecord("bad_sample", step: 0)))
    #expect(!FileManager.default.fileExists(atPath: path), "nothing is known of a step yet")
    try sink.take(record(1))
    try sink.take(record(2))
    #expect(
      try String(contentsOfFile: path, encoding: .utf8).contains("mae_step{run=\"a\"} 1.0\n"),
      "not twice within seconds")
    try sink.finish()
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(text.contains("mae_step{run=\"a\"} 2.0\n"))
    #expect(text.contains("mae_bad_images_total{run=\"a\"} 1.0\n"))
    #expect(try listDirectory(folder.path) == ["mae.prom"])
  }

  @Test func itSaysHowFarTheRunIsToGoWhenTheLastStepWasDoneAndHowItEnded() throws {
    let folder = try TemporaryFolder()
    let times = Mutex(1000.0)
    let sink = PrometheusSink(path: folder.path + "/mae.prom", run: "a", now: { times.withLock { $0 } })
    func lines() throws -> [Substring] { try folder.text(of: "mae.prom").split(separator: "\n") }
    try sink.take(
      .start(
        StartRecord(
          step: 0, title: "A run", stepsPerEpoch: 4, lastStep: 8, warmupSteps: 1, peakLearningRate: 1e-3, batchSize: 16,
          images: 64)))
    try sink.take(.step(StepRecord(step: 1, epoch: 0, loss: 1, learningRate: 1, imagesPerSecond: 1, stepSeconds: 1)))
    #expect(try lines().contains("mae_planned_steps{run=\"a\"} 8.0"))
    #expect(try lines().contains("mae_state{run=\"a\",state=\"running\"} 1"))
    times.withLock { $0 = 2000 }
    try sink.take(.event(EventRecord("checkpoint", step: 1)))
    try sink.take(.end(EndRecord(step: 1, .failed(reason: "the disk is full"))))
    try sink.finish()
    #expect(try lines().contains("mae_last_step_timestamp_seconds{run=\"a\"} 1000.0"), "that of the step")
    #expect(
      try lines().filter { $0.hasPrefix("mae_state{") } == [
        "mae_state{run=\"a\",state=\"running\"} 0", "mae_state{run=\"a\",state=\"completed\"} 0",
        "mae_state{run=\"a\",state=\"stopped\"} 0", "mae_state{run=\"a\",state=\"failed\"} 1",
      ])
  }

  @Test func aPlaceThatIsNotThereIsAnError() {
    let sink = PrometheusSink(path: "/nowhere/mae.prom", run: "a")
    #expect(throws: ReportingError.self) {
      try sink.take(.step(StepRecord(step: 1, epoch: 0, loss: 1, learningRate: 1, imagesPerSecond: 1, stepSeconds: 1)))
    }
  }
}
