import Files
import Foundation
import Testing

@testable import Reporting

struct RunHistoryTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path + "/log.jsonl" }

  init() throws { folder = try TemporaryFolder() }

  private func step(_ step: Int, loss: Double = 0.5) -> StepRecord {
    StepRecord(
      step: step, epoch: Double(step) / 4, loss: loss, learningRate: 1.5e-4, imagesPerSecond: 100, stepSeconds: 0.25)
  }

  private func start(_ step: Int, of total: Int = 8) -> StartRecord {
    StartRecord(
      step: step, title: "A run", stepsPerEpoch: 4, lastStep: total, warmupSteps: 1, peakLearningRate: 1e-3,
      batchSize: 16, images: 64)
  }

  @Test("a history is what the log says, also where a line has more in it than numbers")
  func whole() throws {
    let log = try TrainingLog.create(at: path, now: { 1000 })
    try log.append(start(0))
    for number in 1...4 {
      var record = step(number, loss: 1 / Double(number))
      if number == 3 { record.additional = [LogField("path", "a\"b")] }
      try log.append(record)
    }
    var epoch = EpochRecord(step: 4, epoch: 1, meanLoss: 0.75, seconds: 1)
    epoch.evaluation = [MetricValue(Metric(name: "heldout_loss"), 0.6), MetricValue(Metric(name: "knn_top1"), 0.25)]
    try log.append(epoch)
    try log.append(EventRecord("evaluation", step: 4, [LogField("rankme", 12.5)]))
    try log.append(EventRecord("resume", step: 4))
    let history = try RunHistory(log: path)
    #expect(history.lastStep == 4 && history.totalSteps == 8 && history.stepsPerEpoch == 4 && history.lastEpoch == 1)
    #expect(history.steps["loss"]?.bins.map(\.mean) == [1, 0.5, 1.0 / 3, 0.25])
    #expect(history.evaluationNames == ["heldout_loss", "knn_top1", "rankme"])
    #expect(history.epochs["heldout_loss"]?.last == 0.6 && history.epochs["mean_loss"]?.last == 0.75)
    #expect(history.seams == [4] && history.eventCounts == ["start": 1, "resume": 1])
    #expect(history.trainingSeconds == 1 && history.secondsLeft == 1 && history.latestTime == 1000)
  }

  @Test("what is added to a log is read where reading ended, and a line that is not finished is waited for")
  func growth() throws {
    let log = try TrainingLog.create(at: path)
    var history = RunHistory()
    var follower = LogFollower(path: path)
    for number in 1...3 {
      try log.append(step(number))
      try history.read(&follower)
      #expect(history.lastStep == number && history.steps["loss"]?.count == number)
    }
    let handle = try #require(FileHandle(forWritingAtPath: path))
    handle.seekToEndOfFile()
    let line = LogLine.bytes(of: step(4), time: 0)
    handle.write(Data(line.dropLast(5)))
    try history.read(&follower)
    #expect(history.lastStep == 3)
    handle.write(Data(line.suffix(5)))
    try history.read(&follower)
    #expect(history.lastStep == 4 && history.steps["loss"]?.count == 4)
  }

  @Test("lines longer than a piece, and what is no log's line, hold nothing up")
  func odd() throws {
    try replaceFile(path, with: [UInt8](repeating: 65, count: 3 << 20) + [10] + Array("{}\n\n".utf8))
    try TrainingLog.resume(at: path, after: 0).log.append(step(1))
    #expect(try RunHistory(log: path).lastStep == 1)
  }

  @Test("numbers that no run has written hold nothing up")
  func impossible() throws {
    let text = """
      {"event":"start","step":0,"last_step":9223372036854775807,"time":1}
      {"event":"step","step":-5,"loss":1,"step_seconds":1,"time":2}

      """
    try replaceFile(path, with: Array(text.utf8))
    #expect(try RunHistory(log: path).secondsLeft == 0x1p63)
  }

  @Test("an image that every epoch meets is one image, and there are only so many")
  func badImages() throws {
    let log = try TrainingLog.create(at: path)
    func append(_ number: Int) throws {
      try log.append(EventRecord("bad_sample", step: 1, [LogField("reason", .text("cannot decode \(number)"))]))
    }
    for _ in 1...3 { for number in 1...5 { try append(number) } }
    #expect(try RunHistory(log: path).badImages.count == 5)
    for number in 1...RunHistory.badImageLimit + 1 { try append(number) }
    #expect(try RunHistory(log: path).badImages.count == RunHistory.badImageLimit)
  }

  @Test("a run's state follows from how it ended and whether it is alive")
  func states() throws {
    let log = try TrainingLog.create(at: path)
    func state(isAlive: Bool = false) throws -> RunState { RunState(try RunHistory(log: path), isAlive: isAlive) }
    #expect(try state() == .empty)
    try log.append(start(0))
    try log.append(step(1))
    #expect(try state() == .crashed && state(isAlive: true) == .running)
    try log.append(EndRecord(step: 1, .stopped))
    #expect(try state() == .stopped)
    try log.append(start(1))
    #expect(try state() == .crashed && state(isAlive: true) == .running)
    try log.append(step(2))
    try log.append(EndRecord(step: 2, .failed(reason: "the disk is full")))
    #expect(try state() == .failed(reason: "the disk is full"))
    for number in 3...8 { try log.append(step(number)) }
    #expect(try state() == .finished, "all steps are done, whether or not the end could be written")
    try log.append(EndRecord(step: 8, .completed))
    #expect(try state() == .finished)
  }

  @Test("of many events the last are kept, and all are counted")
  func manyEvents() throws {
    let log = try TrainingLog.create(at: path)
    for number in 1...2300 { try log.append(EventRecord("bad_sample", step: number)) }
    let history = try RunHistory(log: path)
    #expect(history.eventCount == 2300 && history.events.last?.step == 2300 && history.events.count < 1000)
  }
}
