/// Something that is known of a run.
public enum RunRecord: Sendable {
  case start(StartRecord)
  case step(StepRecord)
  case epoch(EpochRecord)
  case event(EventRecord)
  case end(EndRecord)

  /// The last step that was complete when it was known; 0 before the first.
  public var step: Int { line.step }

  /// As a line of the log.
  var line: any LogRecord {
    switch self {
    case .start(let record): record
    case .step(let record): record
    case .epoch(let record): record
    case .event(let record): record
    case .end(let record): record
    }
  }
}

/// Where the records of a run go. Each sink takes all of them, in order, and shows what it is for.
public protocol RecordSink: AnyObject {
  func take(_ record: RunRecord) throws(ReportingError)

  /// The run has gone back to `step` and will come again to what was recorded behind it.
  func rewind(to step: Int) throws(ReportingError)

  /// The run has ended; other ranks do not wait any more.
  func finish() throws(ReportingError)
}

extension RecordSink {
  public func rewind(to step: Int) throws(ReportingError) {}
  public func finish() throws(ReportingError) {}
}
