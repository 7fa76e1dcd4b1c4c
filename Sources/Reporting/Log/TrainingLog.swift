import Compute
import Files
import Foundation

/// `log.jsonl`: a line of JSON for each logged step, each epoch and each event, safe against a crash at any time.
///
/// A line goes out in one appending write, so any thread may append and no crash leaves half a line of ours. Rank 0
/// alone has a log.
public final class TrainingLog: Sendable {
  public let path: String
  private let file: Monitor<AppendOnlyFile>
  private let now: @Sendable () -> Double

  /// What `removeLines` took out.
  public struct Rewound: Hashable, Sendable {
    /// Lines of later steps.
    public var later = 0
    /// Lines that are not a log's, for example torn by a power cut.
    public var broken = 0
  }

  private init(path: String, file: consuming AppendOnlyFile, now: @escaping @Sendable () -> Double) {
    (self.path, self.now) = (path, now)
    self.file = Monitor(file)
  }

  /// The log of a new run.
  ///
  /// - Parameter now: seconds since 1970, for the `time` of each line.
  /// - Throws: `logExists` where there already is a log with content.
  public static func create(
    at path: String, now: @escaping @Sendable () -> Double = { Date().timeIntervalSince1970 }
  ) throws(ReportingError) -> TrainingLog {
    let file: AppendOnlyFile
    do throws(FileError) { file = try AppendOnlyFile(path: path) } catch { throw .file(error) }
    guard file.isEmpty else { throw .logExists(path: path) }
    return TrainingLog(path: path, file: file, now: now)
  }

  /// The log of a run that goes on behind `step`: lines of later steps, which the run is about to repeat, are taken out
  /// first. A log that is not there is created. Where a folder, a pipe or a device has its name, that gets another one.
  ///
  /// - Returns: `setAside` is that other name.
  public static func resume(
    at path: String, after step: Int, now: @escaping @Sendable () -> Double = { Date().timeIntervalSince1970 }
  ) throws(ReportingError) -> (log: TrainingLog, rewound: Rewound, setAside: String?) {
    let setAside = try reporting { () throws(FileError) in try setAsideOtherThanFile(path) }
    let file: AppendOnlyFile
    do throws(FileError) { file = try AppendOnlyFile(path: path) } catch { throw .file(error) }
    let log = TrainingLog(path: path, file: file, now: now)
    return (log, try log.removeLines(behind: step), setAside)
  }

  private static func setAsideOtherThanFile(_ path: String) throws(FileError) -> String? {
    guard let kind = try fileKindFollowingLinks(path), kind != .regular else { return nil }
    var number = 1
    while try fileKindFollowingLinks("\(path).set-aside-\(number)") != nil { number += 1 }
    let name = "\(path).set-aside-\(number)"
    try PosixFileSystem().rename(path, to: name)
    return name
  }

  public func append(_ record: some LogRecord) throws(ReportingError) {
    let bytes = LogLine.bytes(of: record, time: (now() * 1000).rounded() / 1000)
    try reporting { () throws(FileError) in
      try file.withLock { (file) throws(FileError) in try file.append(bytes) }
    }
  }

  /// Takes out the lines of all steps behind `step`, so that a run that rolled back has each step once, and what a power
  /// cut tore behind them. Only the end of the file is read and written: steps stand in order, so that what comes before
  /// the line of `step` or of an earlier one stays.
  @discardableResult
  public func removeLines(behind step: Int) throws(ReportingError) -> Rewound {
    try reporting { () throws(FileError) in
      try file.withLock { (file) throws(FileError) in
        let tail = try LogTail(path: path, behind: step)
        if let start = tail.firstRemoved { try file.replace(from: start, with: tail.keptBehind) }
        return tail.rewound
      }
    }
  }

  /// Waits until everything appended survives a power cut.
  public func synchronize() throws(ReportingError) {
    try reporting { () throws(FileError) in
      try file.withLock { (file) throws(FileError) in try file.synchronize() }
    }
  }

  /// The lines of a log, in order; what is not a line of a log is left out.
  public static func lines(at path: String) throws(ReportingError) -> [LogLine] {
    var lines: [LogLine] = []
    try forEachLine(at: path) { lines.append($0) }
    return lines
  }

  /// The same, one by one.
  public static func forEachLine(at path: String, _ body: (LogLine) -> Void) throws(ReportingError) {
    try reporting { () throws(FileError) in try forEachLine(of: LineReader(path: path), body) }
  }

  /// Those behind the line of `step`, or of the last step before it: those of later steps, and what else was written since.
  /// Nothing before them is read.
  public static func forEachLine(
    at path: String, behind step: Int, _ body: (LogLine) -> Void
  ) throws(ReportingError) {
    try reporting { () throws(FileError) in
      try forEachLine(of: LineReader(path: path, from: LogTail.start(in: path, behind: step)), body)
    }
  }

  private static func forEachLine(of reader: consuming LineReader, _ body: (LogLine) -> Void) throws(FileError) {
    while let bytes = try reader.next() {
      if let line = LogLine(json: bytes) { body(line) }
    }
  }
}

extension TrainingLog: RecordSink {
  public func take(_ record: RunRecord) throws(ReportingError) { try append(record.line) }
  public func rewind(to step: Int) throws(ReportingError) { try removeLines(behind: step) }
  public func finish() throws(ReportingError) {}
}
