import Foundation
import Synchronization

/// `log.jsonl`: a line of JSON for each logged step, each epoch and each event, safe against a crash at any time.
///
/// A line goes out in one appending write, so any thread may append and no crash leaves half a line of ours. Rank 0
/// alone has a log.
public final class TrainingLog: Sendable {
  public let path: String
  private let file: Mutex<AppendOnlyFile>
  private let now: @Sendable () -> Double

  /// What `rewind` took out.
  public struct Rewound: Hashable, Sendable {
    /// Lines of later steps.
    public var later = 0
    /// Lines that are not a log's, for example torn by a power cut.
    public var broken = 0
  }

  private init(path: String, file: consuming AppendOnlyFile, now: @escaping @Sendable () -> Double) {
    (self.path, self.now) = (path, now)
    self.file = Mutex(file)
  }

  /// The log of a new run.
  ///
  /// - Parameter now: seconds since 1970, for the `time` of each line.
  /// - Throws: `logExists` where there already is a log with content.
  public static func create(
    at path: String, now: @escaping @Sendable () -> Double = { Date().timeIntervalSince1970 }
  ) throws(ReportingError) -> TrainingLog {
    let file = try AppendOnlyFile(path: path)
    guard file.isEmpty else { throw .logExists(path: path) }
    return TrainingLog(path: path, file: file, now: now)
  }

  /// The log of a run that goes on behind `step`: lines of later steps, which the run is about to repeat, are taken out
  /// first. A log that is not there is created.
  public static func resume(
    at path: String, after step: Int, now: @escaping @Sendable () -> Double = { Date().timeIntervalSince1970 }
  ) throws(ReportingError) -> (log: TrainingLog, rewound: Rewound) {
    let log = TrainingLog(path: path, file: try AppendOnlyFile(path: path), now: now)
    return (log, try log.rewind(to: step))
  }

  public func append(_ record: some LogRecord) throws(ReportingError) {
    let bytes = LogLine.bytes(of: record, time: (now() * 1000).rounded() / 1000)
    try file.withLock { (file) throws(ReportingError) in try file.append(bytes) }
  }

  /// Takes out the lines of all steps behind `step`, so that a run that rolled back has each step once. The file is
  /// replaced in one move; if that fails, the old one is still there and still written to.
  @discardableResult
  public func rewind(to step: Int) throws(ReportingError) -> Rewound {
    try file.withLock { (file) throws(ReportingError) in
      var rewound = Rewound()
      try AtomicFile.replace(path) { (write) throws(ReportingError) in
        var reader = try LineReader(path: path)
        while let bytes = reader.next() {
          guard let line = LogLine(json: bytes) else {
            rewound.broken += 1
            continue
          }
          guard line.step <= step else {
            rewound.later += 1
            continue
          }
          try write(bytes + [UInt8(ascii: "\n")])
        }
        if reader.endsInTornLine { rewound.broken += 1 }
      }
      file = try AppendOnlyFile(path: path)
      return rewound
    }
  }

  /// Waits until everything appended survives a power cut.
  public func synchronize() throws(ReportingError) {
    try file.withLock { (file) throws(ReportingError) in try file.synchronize() }
  }

  /// The lines of a log, in order; what is not a line of a log is left out.
  ///
  /// - Parameter step: lines of this step and those before are left out too; nil for none.
  public static func lines(at path: String, after step: Int? = nil) throws(ReportingError) -> [LogLine] {
    var reader = try LineReader(path: path)
    var lines: [LogLine] = []
    while let bytes = reader.next() {
      if let line = LogLine(json: bytes), line.step > step ?? .min { lines.append(line) }
    }
    return lines
  }
}
