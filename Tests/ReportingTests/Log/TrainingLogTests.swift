import Files
import Foundation
import Reporting
import Testing

struct TrainingLogTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path + "/log.jsonl" }

  init() throws {
    folder = try TemporaryFolder()
  }

  private func step(_ step: Int, loss: Double = 0.5) -> StepRecord {
    StepRecord(
      step: step, epoch: Double(step) / 4, loss: loss, learningRate: 1.5e-4, imagesPerSecond: 100, stepSeconds: 0.25)
  }

  @Test func linesAreExactlyWhatPeopleRead() throws {
    let log = try TrainingLog.create(at: path, now: { 1_700_000_000.25049 })
    var record = step(3, loss: 0.1)
    record.gradientNorm = .infinity
    record.dataSeconds = 0
    record.additional = [LogField("world_size", 2), LogField("path", "a\"b\\c\n\u{1}é"), LogField("ok", true)]
    try log.append(record)
    try log.append(EpochRecord(step: 4, epoch: 1, meanLoss: -.nan, seconds: 2.5))
    try log.append(EventRecord("bad_sample", step: 4, [LogField("shapes", .list([1, .number(-.infinity), .null]))]))
    #expect(
      try folder.text(of: "log.jsonl") == #"""
        {"event":"step","step":3,"epoch":0.75,"loss":0.1,"learning_rate":0.00015,"gradient_norm":"Infinity","images_per_second":100.0,"step_seconds":0.25,"data_seconds":0.0,"world_size":2,"path":"a\"b\\c\n\u0001é","ok":true,"time":1700000000.25}
        {"event":"epoch","step":4,"epoch":1,"mean_loss":"NaN","epoch_seconds":2.5,"time":1700000000.25}
        {"event":"bad_sample","step":4,"shapes":[1,"-Infinity",null],"time":1700000000.25}

        """#)
    for line in try folder.text(of: "log.jsonl").split(separator: "\n") {
      #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(line.utf8)) }
    }
  }

  @Test func recordsReadBackAsTheyWereWritten() throws {
    let log = try TrainingLog.create(at: path)
    var full = step(1, loss: 0.1 + 0.2)
    (full.gradientNorm, full.dataSeconds, full.forwardSeconds, full.backwardSeconds) = (1, 2, 3, 4)
    (full.allreduceSeconds, full.optimizerSeconds, full.checkpointSeconds) = (5, 6, 7)
    full.residentMegabytes = 8.5
    full.additional = [LogField("a", 1.5), LogField("b", "x")]
    let epoch = EpochRecord(step: 2, epoch: 1, meanLoss: 1e-300, seconds: 3)
    try log.append(full)
    try log.append(step(2, loss: .infinity))
    try log.append(epoch)
    try log.append(step(3, loss: .nan))
    let lines = try TrainingLog.lines(at: path)
    #expect(StepRecord(lines[0]) == full)
    #expect(StepRecord(lines[1]) == step(2, loss: .infinity))
    #expect(EpochRecord(lines[2]) == epoch && StepRecord(lines[2]) == nil && EpochRecord(lines[0]) == nil)
    #expect(StepRecord(lines[3])?.loss.isNaN == true)
  }

  @Test func aNewLogNeverWritesIntoAnOlderOne() throws {
    try TrainingLog.create(at: path).append(step(1))
    let before = try folder.text(of: "log.jsonl")
    #expect(throws: ReportingError.logExists(path: path)) { try TrainingLog.create(at: path) }
    #expect(try folder.text(of: "log.jsonl") == before)
  }

  @Test("a folder or a pipe in the log's place gets another name, and the log begins anew", .timeLimit(.minutes(1)))
  func otherThanAFile() throws {
    let files = PosixFileSystem()
    try files.createDirectory(path)
    #expect(try TrainingLog.resume(at: path, after: 3).setAside == "\(path).set-aside-1")
    try files.remove(path)
    #expect(mkfifo(path, 0o600) == 0)
    let resumed = try TrainingLog.resume(at: path, after: 3)
    #expect(resumed.setAside == "\(path).set-aside-2")
    try resumed.log.append(step(4))
    #expect(try TrainingLog.lines(at: path).map(\.step) == [4])
    #expect(try TrainingLog.resume(at: path, after: 4).setAside == nil)
    #expect(try listDirectory(folder.path).count == 3)
  }

  @Test func aResumedLogHasEachStepOnce() throws {
    do {
      let log = try TrainingLog.create(at: path)
      for number in 1...7 {
        try log.append(step(number, loss: Double(number)))
        if number.isMultiple(of: 4) { try log.append(EpochRecord(step: 4, epoch: 1, meanLoss: 1, seconds: 1)) }
      }
    }
    // What a power cut leaves: zeros, then half a line.
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.seekToEnd()
    try handle.write(contentsOf: Data([0, 0, 0, 10] + Array("{\"event\":\"step\",\"st".utf8)))
    try handle.close()
    let (log, rewound, _) = try TrainingLog.resume(at: path, after: 5)
    #expect(rewound.later == 2 && rewound.broken == 2)
    try log.append(EventRecord("resume", step: 5))
    for number in 6...8 { try log.append(step(number, loss: Double(-number))) }
    let read = try TrainingLog.lines(at: path)
    #expect(read.map(\.event) == ["step", "step", "step", "step", "epoch", "step", "resume", "step", "step", "step"])
    #expect(read.compactMap(StepRecord.init).map(\.step) == [1, 2, 3, 4, 5, 6, 7, 8])
    #expect(read.compactMap(StepRecord.init).map(\.loss) == [1, 2, 3, 4, 5, -6, -7, -8])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["log.jsonl"])
  }

  @Test func rewindingAnOpenLogKeepsItOpen() throws {
    let log = try TrainingLog.create(at: path)
    for number in 1...9 { try log.append(step(number)) }
    #expect(try log.removeLines(behind: 0).later == 9)
    try log.append(step(1))
    #expect(try TrainingLog.lines(at: path).map(\.step) == [1])
    let nothing = try log.removeLines(behind: 1)
    #expect(nothing.later == 0 && nothing.broken == 0)
  }

  @Test func aLogThatIsNotThereIsCreatedOnResume() throws {
    let (log, rewound, _) = try TrainingLog.resume(at: path, after: 10)
    #expect(rewound.later == 0 && rewound.broken == 0)
    try log.append(step(11))
    #expect(try TrainingLog.lines(at: path).map(\.step) == [11])
  }

  @Test func threadsAppendWholeLines() async throws {
    let log = try TrainingLog.create(at: path)
    let filler = String(repeating: "x", count: 5000)
    await withTaskGroup(of: Void.self) { group in
      for task in 0..<8 {
        group.addTask {
          for number in 0..<100 {
            let record = EventRecord("stress", step: task * 100 + number, [LogField("filler", .text(filler))])
            #expect(throws: Never.self) { try log.append(record) }
          }
        }
      }
    }
    #expect(Set(try TrainingLog.lines(at: path).map(\.step)) == Set(0..<800))
    #expect(try folder.text(of: "log.jsonl").split(separator: "\n").count == 800)
  }

  @Test func errorsNameFileAndReason() throws {
    #expect(
      message { try TrainingLog.create(at: folder.path + "/no/log.jsonl") }
        == "open of \"\(folder.path)/no/log.jsonl\" failed: No such file or directory")
    #expect(
      message { try TrainingLog.create(at: folder.path) } == "open of \"\(folder.path)\" failed: Is a directory")
    #expect(message { try TrainingLog.lines(at: path) } == "open of \"\(path)\" failed: No such file or directory")
    let log = try TrainingLog.create(at: path)
    let full = message {
      try SystemCallFaults.withCode(
        { call, _ in call == .write ? ENOSPC : nil }, operation: { try log.append(step(1)) })
    }
    #expect(full == "write of \"\(path)\" failed: No space left on device; make room on that file system")
    #expect(
      ReportingError.logExists(path: "a").description
        == "\"a\" already holds the log of a run; resume that run or take another run directory")
  }

  /// A disk that fills up within a line, as a limit on file sizes in a process of its own: the begun line goes, the
  /// lines before it stay, and the log goes on when there is room again.
  @Test func aDiskThatFillsUpLeavesWholeLines() async {
    await #expect(processExitsWith: .success) {
      signal(SIGXFSZ, SIG_IGN)
      let folder = try TemporaryFolder()
      let path = folder.path + "/log.jsonl"
      let log = try TrainingLog.create(at: path)
      var limit = rlimit(rlim_cur: 1000, rlim_max: .max)
      try #require(setrlimit(numericCast(RLIMIT_FSIZE.rawValue), &limit) == 0)
      var written = 0
      do {
        while written < 1000 {
          try log.append(EventRecord("filling", step: written))
          written += 1
        }
      } catch {}
      try #require(written > 5 && written < 100)
      try #require(try folder.text(of: "log.jsonl").hasSuffix("}\n"))
      limit.rlim_cur = limit.rlim_max
      try #require(setrlimit(numericCast(RLIMIT_FSIZE.rawValue), &limit) == 0)
      try log.append(EventRecord("room", step: written))
      try #require(try TrainingLog.lines(at: path).map(\.step) == Array(0...written))
      try #require(try folder.text(of: "log.jsonl").split(separator: "\n").count == written + 1)
    }
  }

  private func message(_ body: () throws -> Any) -> String {
    do {
      _ = try body()
      return "no error"
    } catch {
      return "\(error)"
    }
  }
}
