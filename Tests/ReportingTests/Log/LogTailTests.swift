import Files
import Foundation
import Reporting
import Testing

/// Going back in a log, and on behind it, by its end alone.
struct LogTailTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path + "/log.jsonl" }

  init() throws {
    folder = try TemporaryFolder()
  }

  private func step(_ step: Int) -> StepRecord {
    StepRecord(step: step, epoch: Double(step), loss: 1, learningRate: 1, imagesPerSecond: 1, stepSeconds: 1)
  }

  private func lines(behind step: Int) throws -> [LogLine] {
    var lines: [LogLine] = []
    try TrainingLog.forEachLine(at: path, behind: step) { lines.append($0) }
    return lines
  }

  /// Lines of any length, a block of the reader's and more, come back from the last to the first with their places.
  @Test(arguments: 0..<40) func readsLinesOfAnyLengthBackwards(seed: Int) throws {
    var generator = SystemRandomNumberGenerator()
    let lengths = (0..<Int.random(in: 0...9, using: &generator)).map { _ in
      [0, 1, 7, 65_534, 65_535, 65_536, 65_537, 200_000].randomElement(using: &generator)!
    }
    let lines = lengths.enumerated().map { [UInt8](repeating: UInt8(ascii: "a") + UInt8($0), count: $1) }
    let torn = [UInt8](repeating: UInt8(ascii: "t"), count: [0, 1, 65_536, 70_000].randomElement(using: &generator)!)
    try Data(lines.flatMap { $0 + [10] } + torn).write(to: URL(fileURLWithPath: path))
    var reader = try BackwardLineReader(path: path)
    #expect(reader.tornByteCount == torn.count, "\(lengths)")
    var end = lengths.reduce(0) { $0 + $1 + 1 }
    for line in lines.reversed() {
      let read = try reader.next()
      #expect(read == line, "\(lengths)")
      end -= line.count + 1
      #expect(reader.start == end, "\(lengths)")
    }
    let nothing = try reader.next()
    #expect(nothing == nil)
  }

  /// A checkpoint comes to its end while later steps are taken: its line stays when those go.
  @Test func keepsWhatIsOfEarlierStepsWhereverItStands() throws {
    let log = try TrainingLog.create(at: path)
    for number in 1...6 { try log.append(step(number)) }
    try log.append(EventRecord("checkpoint", step: 4))
    try log.append(step(7))
    try log.append(EventRecord("checkpoint", step: 6))
    try log.append(EventRecord("non_finite", step: 8))
    #expect(try log.removeLines(behind: 5).later == 4)
    let left = try TrainingLog.lines(at: path)
    #expect(left.map(\.step) == [1, 2, 3, 4, 5, 4])
    #expect(left.map(\.event).suffix(2) == ["step", "checkpoint"])
    try log.append(step(6))
    #expect(try TrainingLog.lines(at: path).last?.step == 6)
  }

  /// Cut short after the lines to keep were written to their new place, and before the rest was cut off: the next attempt
  /// leaves each of them once.
  @Test func aRewindingThatWasCutShortIsMadeUpFor() throws {
    let log = try TrainingLog.create(at: path)
    for number in 1...3 { try log.append(step(number)) }
    let behind = try folder.text(of: "log.jsonl").utf8.count
    try log.append(step(4))
    try log.append(EventRecord("checkpoint", step: 3))
    try log.append(step(5))
    let kept = try folder.text(of: "log.jsonl").split(separator: "\n")[4]
    let handle = try #require(FileHandle(forUpdatingAtPath: path))
    try handle.seek(toOffset: UInt64(behind))
    try handle.write(contentsOf: Data("\(kept)\n".utf8))
    try handle.close()
    let again = try TrainingLog.resume(at: path, after: 3)
    #expect(again.rewound.later == 1 && again.rewound.broken == 1)
    #expect(try TrainingLog.lines(at: path).map(\.event) == ["step", "step", "step", "checkpoint"])
  }

  @Test func theRunningEpochIsReadFromTheEnd() throws {
    let log = try TrainingLog.create(at: path)
    for number in 1...9 { try log.append(step(number)) }
    try log.append(EventRecord("resume", step: 9))
    #expect(try lines(behind: 6).map(\.step) == [7, 8, 9, 9])
    #expect(try lines(behind: 9).map(\.event) == ["resume"])
    #expect(try lines(behind: 0).count == 10)
  }

  /// 500,000 lines, as of months of training: what a resume does with them takes no time that anybody would notice.
  @Test func aLongLogIsNoBurden() throws {
    let line =
      "{\"event\":\"step\",\"step\":%,\"epoch\":1.5,\"loss\":0.4312890625,\"learning_rate\":0.00015,"
      + "\"gradient_norm\":1.2101,\"images_per_second\":412.25,\"step_seconds\":0.6209,\"time\":1700000000.25}\n"
    var text = ""
    for step in 1...500_000 { text += line.replacing("%", with: "\(step)") }
    try text.write(toFile: path, atomically: false, encoding: .utf8)
    let start = ContinuousClock.now
    let (log, rewound, _) = try TrainingLog.resume(at: path, after: 499_900)
    let epoch = try lines(behind: 499_000)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    #expect(rewound.later == 100 && epoch.count == 900)
    // A whole reading takes ten times as long at the least.
    #expect(seconds < 0.5, "\(seconds) s")
    try log.append(step(499_901))
    #expect(try lines(behind: 499_900).map(\.step) == [499_901])
  }

  @Test func linesThatAreNoJSONAreNone() throws {
    let good = [
      #"{"event":"a","step":1,"text":"é \\ \" \n \u00e9","list":[1,-2.5e-3,[],null,true,false]}"#,
      #" { "event" : "a" , "step" : 1 } "#,
    ]
    let bad = [
      #"{"event":"a","step":1"#, #"{"event":"a","step":1}x"#, #"{"event":"a","step":1,}"#, #"{"event":"a","step":1.5}"#,
      #"{"event":"a","step":"1"}"#, #"{"event":"a","step":-}"#, #"{"event":"a","step":1,"b":tru}"#, #"["event"]"#, "",
      #"{"event":"a\q","step":1}"#, #"{"event":"a","step":1,"b":"\"}"#, #"{"event":"a","step":1,"b":[1 2]}"#,
    ]
    try (good + bad).joined(separator: "\n").appending("\n").write(toFile: path, atomically: false, encoding: .utf8)
    let lines = try TrainingLog.lines(at: path)
    #expect(lines.count == good.count)
    #expect(lines.first?.values["text"] == .text("é \\ \" \n é"))
    #expect(lines.first?.values["list"] == .list([1, .number(-2.5e-3), .list([]), .null, true, false]))
  }
}
